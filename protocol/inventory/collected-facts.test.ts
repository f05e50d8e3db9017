import { expect, test } from "bun:test";
import { z } from "zod";
import { CATEGORIES } from "./categories.ts";
import { CATEGORY_ITEMS } from "./category-items.ts";
import { COLLECTED } from "./collected-facts.ts";

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
}

/** The fields of an item, and those of the objects in its arrays. */
function fieldsOf({ properties = {}, oneOf = [], anyOf = [] }: JsonSchema): string[] {
  const own = Object.entries(properties).flatMap(([name, schema]) => [
    name,
    ...fieldsOf(schema.items ?? schema).map((field) => `${name}.${field}`),
  ]);
  return [...own, ...[...oneOf, ...anyOf].flatMap(fieldsOf)];
}

test.each([...CATEGORIES])(
  "the table of collected facts names each field of %s, and no other",
  (category) => {
    const { $defs = {} } = z.toJSONSchema(CATEGORY_ITEMS[category]);
    // Each category is one named schema.
    const schema = Object.values($defs)[0] as JsonSchema;
    const fields = new Set(fieldsOf(schema).filter((field) => field !== "key"));
    expect(fields.size).toBeGreaterThan(3);
    const named = COLLECTED[category].facts.flatMap((fact) => fact.fields);
    expect([...new Set(named)].toSorted()).toEqual([...fields].toSorted());
  },
);
