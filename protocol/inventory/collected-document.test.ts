// docs/collected-facts.md: what a sensor collects and never collects.
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CATEGORIES, type Category } from "./categories.ts";
import { CATEGORY_ITEMS } from "./category-items.ts";
import { COLLECTED, COLLECTED_DOCUMENT, NEVER_COLLECTED, NEVER_DONE } from "./collected-facts.ts";

interface JsonSchema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  examples?: unknown[];
  example?: unknown;
  maxLength?: number;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
}

/** Each field with its first schema: the kinds of a category share names such as `name`. */
function fieldsOf(schema: JsonSchema, prefix = ""): Map<string, JsonSchema> {
  const fields = new Map<string, JsonSchema>();
  const add = (name: string, found: JsonSchema) => {
    if (!fields.has(name)) fields.set(name, found);
  };
  for (const [name, own] of Object.entries(schema.properties ?? {})) {
    add(prefix + name, own);
    for (const [inner, found] of fieldsOf(own.items ?? own, `${prefix}${name}.`)) add(inner, found);
  }
  for (const each of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])])
    for (const [name, found] of fieldsOf(each, prefix)) add(name, found);
  return fields;
}

function describeField(schema: JsonSchema): string {
  const { description, example } = schema;
  const values = schema.enum?.map((value) => `\`${value}\``).join(", ");
  const shown = Array.isArray(example) ? example.join(", ") : example;
  const parts = [
    description,
    values && `One of ${values}`,
    shown === undefined || typeof shown === "object" ? undefined : `Example: \`${shown}\``,
  ];
  return parts
    .filter(Boolean)
    .map((part) => String(part).replace(/\.$/, ""))
    .join(". ")
    .replaceAll("…. ", "… ")
    .replaceAll("|", "\\|");
}

function sectionOf(category: Category): string {
  const { label, source, facts } = COLLECTED[category];
  const { $defs = {} } = z.toJSONSchema(CATEGORY_ITEMS[category]);
  const fields = fieldsOf(Object.values($defs)[0] as JsonSchema);
  const rows = facts.flatMap(({ text, fields: names }) =>
    names.map((name, at) => {
      const schema = fields.get(name);
      if (schema === undefined) throw new Error(`the schema of ${category} has no field ${name}`);
      return `| ${at === 0 ? text : ""} | \`${name}\` | ${describeField(schema)} |`;
    }),
  );
  return [
    `## ${label}`,
    wrap(`Source: ${source}.`),
    ["| Fact | Field | Meaning |", "|---|---|---|", ...rows].join("\n"),
  ].join("\n\n");
}

const listOf = (texts: readonly string[]) =>
  texts.map((text) => wrap(`- ${text[0]!.toUpperCase()}${text.slice(1)}.`)).join("\n");

/** Breaks a line before 110 columns; a list item continues with an indent. */
function wrap(text: string): string {
  const indent = text.startsWith("- ") ? "  " : "";
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > 110) lines.push(indent + word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

const DOCUMENT = `${[
  "# What a sensor collects and never collects",
  [
    "This page is made from the schemas of the inventory: the server refuses a fact that is not in it. A fact that",
    "a host does not have is absent. `attacklens-sensor collect --json` prints everything that a host would report,",
    "and sends nothing.",
  ].join("\n"),
  "It never collects, even where it is beside a fact in a file that the sensor reads:",
  listOf(NEVER_COLLECTED),
  "It never does these things:",
  listOf(NEVER_DONE),
  ...CATEGORIES.map(sectionOf),
].join("\n\n")}\n`;

test(`${COLLECTED_DOCUMENT} is current (UPDATE_DOCS=1 writes it)`, () => {
  const path = join(import.meta.dir, "../..", COLLECTED_DOCUMENT);
  if (process.env.UPDATE_DOCS) writeFileSync(path, DOCUMENT);
  else expect(readFileSync(path, "utf8")).toBe(DOCUMENT);
});
