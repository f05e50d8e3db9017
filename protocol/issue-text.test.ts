// Every kind of issue that a schema can report has our text, not zod's.
import { expect, test } from "bun:test";
import { z } from "zod";
import { describeIssue, issueText } from "./issue-text.ts";

const long = "x".repeat(20);
const cases: [string, z.ZodType, unknown, string][] = [
  ["absent", z.string(), undefined, "is required"],
  ["absent option", z.enum(["a", "b"]), undefined, "is required"],
  ["text", z.string(), 1, "must be text"],
  ["number", z.number(), "1", "must be a number"],
  ["invalid number", z.coerce.number(), "abc", "must be a number"],
  ["whole number", z.int(), 1.5, "must be a whole number"],
  ["flag", z.boolean(), "yes", "must be true or false"],
  ["list", z.array(z.string()), {}, "must be a list"],
  ["object", z.object({}), [], "must be an object"],
  ["record", z.record(z.string(), z.string()), 1, "must be an object"],
  ["null", z.null(), 1, "must be null"],
  ["never", z.never(), 1, "must be of another type"],
  ["literal", z.literal(2), 1, "must be 2"],
  ["literals", z.literal([1, 2]), 3, "must be 1 or 2"],
  ["options", z.enum(["a", "b", "c"]), "d", "must be a, b or c"],
  ["long text", z.string().max(1), long, "must have at most 1 character"],
  ["short text", z.string().min(5), "x", "must have at least 5 characters"],
  ["length", z.string().length(3), "x", "must have exactly 3 characters"],
  ["long list", z.array(z.int()).max(1), [1, 2], "must have at most 1 element"],
  ["short list", z.array(z.int()).min(2), [1], "must have at least 2 elements"],
  ["large number", z.number().max(5), 6, "must be at most 5"],
  ["large number, exclusive", z.number().lt(5), 5, "must be less than 5"],
  ["small number", z.number().min(1), 0, "must be at least 1"],
  ["small number, exclusive", z.number().positive(), 0, "must be more than 0"],
  ["multiple", z.number().multipleOf(5), 6, "must be a multiple of 5"],
  ["beginning", z.string().startsWith("disk:"), "x", "must begin with disk:"],
  ["end", z.string().endsWith("."), "x", "must end with ."],
  ["part", z.string().includes("@"), "x", "must contain @"],
  ["pattern", z.string().regex(/^a$/), "x", "does not have the required form"],
  ["email", z.email(), "x", "must be an email address, e.g. ana@example.com"],
  ["url", z.url(), "x", "must be a URL, e.g. https://attacklens.example.com"],
  ["instant", z.iso.datetime(), "x", "must be a date and time in UTC, e.g. 2026-12-01T18:00:00.000Z"],
  ["unknown field", z.strictObject({}), { b: 1 }, "is not known"],
  [
    "name of a member",
    z.record(z.string().max(2), z.int()),
    { abc: 1 },
    "has a name that is not valid: it must have at most 2 characters",
  ],
  ["entry of a map", z.map(z.string(), z.int()), new Map([["a", "b"]]), "must be a number"],
  ["union", z.union([z.string(), z.int()]), true, "does not match any of the allowed forms"],
  ["kind", z.discriminatedUnion("k", [z.object({ k: z.literal("a") })]), { k: "b" }, "must be a"],
  ["absent kind", z.discriminatedUnion("k", [z.object({ k: z.literal("a") })]), {}, "is required"],
  ["custom", z.string().refine(() => false), "x", "is not valid"],
  ["custom with a text", z.string().refine(() => false, "must rhyme"), "x", "must rhyme"],
];
for (const [what, schema, value, expected] of cases) {
  test(`${what}: ${expected}`, () => {
    const { error } = schema.safeParse(value, { error: issueText });
    expect(error!.issues.flatMap(describeIssue).map(({ message }) => message)).toContain(expected);
  });
}
