import { expect, test } from "bun:test";
import { withoutMeta } from "./without-reference.ts";

test("only the calls of meta are removed", () => {
  const source = `
    export const name = z.string().min(1).meta({ description: "Name, e.g. \\".meta({})\\"" });
    const list = z.array(name.meta({ id: "A", example: z.of(x.meta({})) })).meta({
      description: \`At most \${LIMIT}\`,
    }).max(3);
    const meta = (value: string) => value; // .meta({})
    meta("x");
    column.meta;
  `;
  expect(withoutMeta(source)).toBe(`
    export const name = z.string().min(1);
    const list = z.array(name).max(3);
    const meta = (value: string) => value; // .meta({})
    meta("x");
    column.meta;
  `);
});
