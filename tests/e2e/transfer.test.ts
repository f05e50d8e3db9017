// What a browser downloads from the built server before it can show a page.
import { expect, test } from "bun:test";
import { openInstallation } from "../support/installation.ts";

/** Compressed bytes of the first script and of everything that it imports at once, in any encoding. */
const FIRST_SCRIPT_BYTES = 200_000;
const STYLES_BYTES = 60_000;

test("the first script and the styles stay within their budgets, and pages are loaded when they are opened", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const { url } = installation.server;
  const page = await (await fetch(url)).text();
  const paths = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
  const fetched = new Map<string, { bytes: number; gzipBytes: number }>();
  const dynamic = new Set<string>();
  async function load(path: string): Promise<void> {
    if (fetched.has(path)) return;
    const get = (encodings: string) =>
      fetch(url + path, { headers: { "accept-encoding": encodings }, decompress: false });
    const [encoded, zipped, plain] = await Promise.all([
      get("gzip, deflate, br, zstd"),
      get("gzip"),
      get("identity"),
    ]);
    const text = await plain.text();
    const isSmall = text.length < 1_400;
    expect([path, encoded.headers.get("content-encoding")]).toEqual([path, isSmall ? null : "br"]);
    expect(encoded.headers.get("cache-control")).toContain("immutable");
    const [bytes, gzipBytes] = await Promise.all(
      [encoded, zipped].map(async (reply) => (await reply.arrayBuffer()).byteLength),
    );
    fetched.set(path, { bytes: bytes!, gzipBytes: gzipBytes! });
    if (!path.endsWith(".js")) return;
    const imports = new Bun.Transpiler({ loader: "js" }).scanImports(text);
    for (const { kind, path: imported } of imports) {
      if (kind === "import-statement") await load(new URL(imported, url + path).pathname);
      else dynamic.add(imported);
    }
  }
  for (const path of paths.filter((one) => /\.(js|css)$/.test(one))) await load(path);
  const bytesOf = (end: string, size: "bytes" | "gzipBytes" = "bytes") =>
    [...fetched].filter(([path]) => path.endsWith(end)).reduce((sum, [, sizes]) => sum + sizes[size], 0);
  expect(bytesOf(".js")).toBeGreaterThan(50_000);
  expect(bytesOf(".js")).toBeLessThanOrEqual(FIRST_SCRIPT_BYTES);
  expect(bytesOf(".js", "gzipBytes")).toBeLessThanOrEqual(FIRST_SCRIPT_BYTES);
  expect([...fetched.keys()].filter((path) => path.endsWith(".css"))).toHaveLength(1);
  expect(bytesOf(".css")).toBeLessThanOrEqual(STYLES_BYTES);
  expect(dynamic.size).toBeGreaterThan(4);
});
