// What a browser downloads from the built server before it can show a page.
import { expect, test } from "bun:test";
import { openInstallation } from "../support/installation.ts";

/** Compressed bytes of the first script and of everything that it imports at once. */
const FIRST_SCRIPT_BYTES = 200_000;
const STYLES_BYTES = 60_000;

test("the first script and the styles stay within their budgets, and pages are loaded when they are opened", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const { url } = installation.server;
  const page = await (await fetch(url)).text();
  const paths = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
  const fetched = new Map<string, number>();
  const dynamic = new Set<string>();
  async function load(path: string): Promise<void> {
    if (fetched.has(path)) return;
    const [encoded, plain] = await Promise.all([
      fetch(url + path, { headers: { "accept-encoding": "gzip, deflate, br, zstd" }, decompress: false }),
      fetch(url + path, { headers: { "accept-encoding": "identity" } }),
    ]);
    const text = await plain.text();
    const isSmall = text.length < 1_400;
    expect([path, encoded.headers.get("content-encoding")]).toEqual([path, isSmall ? null : "br"]);
    expect(encoded.headers.get("cache-control")).toContain("immutable");
    fetched.set(path, (await encoded.arrayBuffer()).byteLength);
    if (!path.endsWith(".js")) return;
    const imports = new Bun.Transpiler({ loader: "js" }).scanImports(text);
    for (const { kind, path: imported } of imports) {
      if (kind === "import-statement") await load(new URL(imported, url + path).pathname);
      else dynamic.add(imported);
    }
  }
  for (const path of paths.filter((one) => /\.(js|css)$/.test(one))) await load(path);
  const bytesOf = (end: string) =>
    [...fetched].filter(([path]) => path.endsWith(end)).reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(bytesOf(".js")).toBeGreaterThan(50_000);
  expect(bytesOf(".js")).toBeLessThanOrEqual(FIRST_SCRIPT_BYTES);
  expect([...fetched.keys()].filter((path) => path.endsWith(".css"))).toHaveLength(1);
  expect(bytesOf(".css")).toBeLessThanOrEqual(STYLES_BYTES);
  expect(dynamic.size).toBeGreaterThan(4);
});
