// Removes from the console what only the API reference needs: the descriptions of fields, and zod's JSON
// schemas. They are a twelfth of the first script.
import type { BunPlugin } from "bun";
import { parseAst } from "vite";

const PROTOCOL = /[/\\]protocol[/\\](?!.*node_modules).*\.ts$/;
const JSON_SCHEMAS = /[/\\]zod[/\\]v4[/\\]core[/\\](json-schema-processors|to-json-schema)\.js$/;

export const withoutReference: BunPlugin = {
  name: "without the API reference",
  setup(build) {
    build.onLoad({ filter: PROTOCOL }, async ({ path }) => ({
      contents: withoutMeta(await Bun.file(path).text()),
      loader: "ts",
    }));
    build.onLoad({ filter: JSON_SCHEMAS }, async ({ path }) => ({
      contents: withoutBodies(await Bun.file(path).text()),
      loader: "js",
    }));
  },
};

interface Call {
  type: string;
  callee: { object: { end: number }; property?: { name?: string } };
  end: number;
}

/** Removes the calls of `.meta(…)`. The schemas parse the same without them. */
export function withoutMeta(source: string): string {
  let text = "";
  let end = 0;
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const call = node as Partial<Call>;
    if (call.type !== "CallExpression" || call.callee?.property?.name !== "meta") {
      for (const part of Object.values(node)) visit(part);
      return;
    }
    const { callee } = node as Call;
    visit(callee.object);
    text += source.slice(end, callee.object.end);
    end = (node as Call).end;
  };
  visit(parseAst(source, { lang: "ts" }));
  return text + source.slice(end);
}

/** Keeps the names that zod imports. They are called only to make a JSON schema. */
function withoutBodies(source: string): string {
  const names = [...source.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
  return names.map((name) => `export const ${name} = () => () => undefined;`).join("\n");
}
