import { expect, test } from "bun:test";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { createEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { z } from "zod";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { jsonInit, openWorld } from "../testing/test-world.ts";
import { openConsoleFiles } from "./console-files.ts";
import { chooseEncoding } from "./encodings.ts";

test("chooses the encoding with the highest weight that the client accepts", () => {
  const offered = ["br", "zstd", "gzip"] as const;
  for (const [accepted, chosen] of [
    [null, undefined],
    ["", undefined],
    ["gzip, deflate, br, zstd", "br"],
    ["GZIP", "gzip"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["br;q=0, zstd; q=0.2", "zstd"],
    ["*", "br"],
    ["*;q=0.5, gzip;q=0.6", "gzip"],
    ["*;q=0", undefined],
    ["br;q=0, *", "zstd"],
    ["identity, gzip;q=0.5", undefined],
    ["identity;q=0.5, gzip", "gzip"],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["gzip;q=2", undefined],
    ["gzip;q=x", undefined],
    ["gzip;q=-1, br;q=", undefined],
    ["deflate, compress, xgzip", undefined],
    [",;,", undefined],
    [`gzip,${"a,".repeat(1_000)}`, undefined],
  ] as const)
    expect([accepted, chooseEncoding(accepted, offered)]).toEqual([accepted, chosen]);
});

test("compresses large JSON, and never a reply that shows a secret", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("posture-manager");
  const send = async (method: string, path: string, encodings: string, body?: unknown) => {
    const init = jsonInit(method, body, { cookie });
    const headers = { ...(init.headers as Record<string, string>), "accept-encoding": encodings };
    return await world.fetch(path, { ...init, headers });
  };
  const { path } = createEnrollmentToken;
  const settings = { scope: { type: "all-assets" }, expiresAt: null, description: "secret ".repeat(140) };
  for (const name of ["One", "Two"]) {
    const reply = await send("POST", path, "gzip", { name, ...settings });
    expect(reply.status).toBe(201);
    expect(reply.headers.get("content-encoding")).toBeNull();
    expect((await reply.text()).length).toBeGreaterThan(1_400);
  }
  const plain = await send("GET", listEnrollmentTokens.path, "identity");
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(plain.headers.get("vary")).toBe("accept-encoding");
  const text = await plain.text();
  for (const [encoding, decode] of [
    ["gzip", gunzipSync],
    ["zstd", zstdDecompressSync],
  ] as const) {
    const reply = await send("GET", listEnrollmentTokens.path, encoding);
    expect(reply.headers.get("content-encoding")).toBe(encoding);
    expect(reply.headers.get("vary")).toBe("accept-encoding");
    const bytes = await reply.arrayBuffer();
    expect(decode(Buffer.from(bytes)).toString()).toBe(text);
    expect(bytes.byteLength).toBeLessThan(text.length / 2);
  }
  const small = await send("GET", `${listEnrollmentTokens.path}?q=none`, "gzip");
  expect(small.headers.get("content-encoding")).toBeNull();
});

/** Members of replies that can hold a secret. */
const SECRET_NAMES = /^(value|link|url|secret|uri|password|codes?|recoveryCodes|cookie)$/i;
/** Replies with such members that hold none. */
const HARMLESS: Record<string, string> = {
  "sensors.inventory": "values of settings, and whether an account has a password",
  "assets.get": "values of identifiers",
  "assets.setType": "values of identifiers",
  "assets.move": "values of identifiers",
};

test("every route whose reply can contain a secret is declared as such", () => {
  for (const { name, output, showsSecret, path } of ROUTES) {
    if (!output || path.startsWith("/sensor/") || HARMLESS[name]) continue;
    const found = [...membersOf(z.toJSONSchema(output, { unrepresentable: "any" }))];
    const secrets = found.filter((member) => SECRET_NAMES.test(member));
    expect([name, secrets.length > 0, secrets]).toEqual([name, showsSecret ?? false, secrets]);
  }
});

function* membersOf(schema: unknown): Generator<string> {
  if (typeof schema !== "object" || schema === null) return;
  if ("properties" in schema) yield* Object.keys(schema.properties as object);
  for (const part of Object.values(schema)) yield* membersOf(part);
}

test("serves the files of the console compressed", async () => {
  using folder = openTemporaryFolder("console-files");
  const script = "const a = 1;\n".repeat(500);
  const write = async (name: string, text: string, type: string) => {
    const path = join(folder.path, name);
    await Bun.write(path, text);
    return { name, path, type };
  };
  const serve = await openConsoleFiles([
    await write("chunk-1.js", script, "text/javascript;charset=utf-8"),
    await write("index.html", "<p>__CSP_NONCE__</p>", "text/html"),
  ]);
  const reply = await serve("/chunk-1.js", new Headers({ "accept-encoding": "gzip" }));
  expect(reply?.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await reply!.arrayBuffer()).toString()).toBe(script);
  const plain = await serve("/chunk-1.js", new Headers({ "accept-encoding": "identity" }));
  expect(await plain?.text()).toBe(script);
});
