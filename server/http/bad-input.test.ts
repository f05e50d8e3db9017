// Invalid input of a client: always a 4xx problem that names the input, never a 5xx.
import { expect, test } from "bun:test";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const PATH = "/api/v1/enrollment-tokens";
const good = { name: "Production", scope: { type: "all-assets" }, expiresAt: null };

async function post(world: World, cookie: string, init: RequestInit, path = PATH) {
  const headers = { cookie, ...(init.headers as Record<string, string>) };
  const response = await world.fetch(path, { method: "POST", ...init, headers });
  return { response, body: (await response.json()) as ProblemBody };
}

const json = { "content-type": "application/json" };
const bodies: [string, BodyInit, Record<string, string>, number, string][] = [
  ["a body that is not JSON", "name=x", json, 400, "malformed-request"],
  ["incomplete JSON", '{"name":"x"', json, 400, "malformed-request"],
  ["an empty body", "", json, 400, "malformed-request"],
  ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), json, 400, "malformed-request"],
  ["a body nested 10,000 deep", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, json, 400, "malformed-request"],
  [
    "a body of a megabyte",
    JSON.stringify({ ...good, name: "x".repeat(1_000_000) }),
    json,
    413,
    "body-too-large",
  ],
  [
    "a form",
    "name=x",
    { "content-type": "application/x-www-form-urlencoded" },
    415,
    "media-type-unsupported",
  ],
  [
    "JSON with the media type text/plain",
    JSON.stringify(good),
    { "content-type": "text/plain" },
    415,
    "media-type-unsupported",
  ],
  [
    "JSON in another character set",
    JSON.stringify(good),
    { "content-type": "application/json; charset=latin1" },
    415,
    "media-type-unsupported",
  ],
];
for (const [what, body, headers, status, code] of bodies) {
  test(`a request with ${what} is refused as ${code}`, async () => {
    await using world = await openWorld("sqlite");
    const { response, body: problem } = await post(world, await world.signedIn("admin"), { body, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(problem.code as string).toBe(code);
    expect(problem.type).toBe(`urn:attacklens:problem:${code}`);
  });
}

const fields: [string, unknown, string][] = [
  ["no name", { ...good, name: undefined }, "name"],
  ["an empty name", { ...good, name: "" }, "name"],
  ["a name of blanks", { ...good, name: "   " }, "name"],
  ["a name of 10,000 characters", { ...good, name: "x".repeat(10_000) }, "name"],
  ["a line break in the name", { ...good, name: "a\nb" }, "name"],
  ["an escape sequence in the name", { ...good, name: "a\u001b[31m" }, "name"],
  ["a bidirectional override in the name", { ...good, name: "a\u202egnp" }, "name"],
  ["half a surrogate pair in the name", { ...good, name: "a\ud800" }, "name"],
  ["a number for a name", { ...good, name: 7 }, "name"],
  ["an unknown field", { ...good, maxUses: 3 }, "maxUses"],
  ["an unknown field inside", { ...good, scope: { type: "all-assets", admin: true } }, "scope.admin"],
  ["an unknown scope", { ...good, scope: { type: "everything" } }, "scope.type"],
  [
    "an invalid group id",
    { ...good, scope: { type: "asset-group", assetGroupId: "grp_1" } },
    "scope.assetGroupId",
  ],
  ["a date without a zone", { ...good, expiresAt: "2026-12-01T10:00:00" }, "expiresAt"],
  ["a date that does not exist", { ...good, expiresAt: "2026-02-30T10:00:00Z" }, "expiresAt"],
  ["a list", [good], "body"],
  ["null", null, "body"],
];
for (const [what, body, field] of fields) {
  test(`a token with ${what} is refused, and the problem names the field`, async () => {
    await using world = await openWorld("sqlite");
    const { response, body: problem } = await post(
      world,
      await world.signedIn("admin"),
      jsonInit("POST", body),
    );
    expect(response.status).toBe(422);
    expect(Object.keys(problem.fields ?? {})).toContain(field);
  });
}

test("invalid query parameters, ids and cursors are refused by name", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("viewer");
  const get = async (path: string) => {
    const response = await world.fetch(path, { headers: { cookie } });
    const problem = (await response.json()) as ProblemBody;
    return `${response.status} ${Object.keys(problem.fields ?? {})}`;
  };
  expect(await get(`${PATH}?page=2`)).toBe("422 page");
  expect(await get(`${PATH}?limit=0`)).toBe("422 limit");
  expect(await get(`${PATH}?limit=1&limit=2`)).toBe("422 limit");
  expect(await get(`${PATH}?sort=valueHash`)).toBe("422 sort");
  expect(await get(`${PATH}?cursor=AAAA`)).toBe("422 cursor");
  expect(await get(`${PATH}?q=%00`)).toBe("422 q");
  expect(await get(`${PATH}/tok_1`)).toBe("404 ");
  expect(await get(`${PATH}/%ff`)).toBe("404 ");
  expect(await get("/api/v1/nothing")).toBe("404 ");
  const patched = await world.fetch(PATH, jsonInit("PATCH", {}, { cookie }));
  expect(patched.status).toBe(405);
  expect(patched.headers.get("allow")?.split(", ").toSorted()).toEqual(["GET", "HEAD", "POST"]);
});

for (const dialect of TESTED_DIALECTS) {
  test(`no JSON body causes a 5xx (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(
          PATH,
          "/api/v1/asset-groups",
          "/api/v1/session",
          "/api/v1/setup",
          "/sensor/v1/enroll",
        ),
        fc.oneof(
          fc.json(),
          fc
            .record({ name: fc.anything(), scope: fc.anything(), expiresAt: fc.anything() })
            .map((value) => JSON.stringify(value)),
        ),
        async (path, text) => {
          const response = await world.fetch(path, {
            method: "POST",
            body: text,
            headers: { ...json, cookie },
          });
          expect(response.status).toBeLessThan(500);
        },
      ),
      { numRuns: drawnCases(200) },
    );
  });
}

test("a change from a page of another site is refused, also with a valid cookie", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("admin");
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) {
    const { body } = await post(world, cookie, jsonInit("POST", good, { host: "test", ...headers }));
    expect(body.code).toBe("origin-refused");
  }
  const own = await post(
    world,
    cookie,
    jsonInit("POST", good, { host: "test", origin: "http://test", "sec-fetch-site": "same-origin" }),
  );
  expect(own.response.status).toBe(201);
});

test('an absent field gets the message "is required", not the message of its schema', async () => {
  await using world = await openWorld("sqlite");
  const { response, body } = await post(world, "", jsonInit("POST", { password: 1 }), "/api/v1/session");
  expect(response.status).toBe(422);
  expect(body.fields).toEqual({ email: "is required", password: "must be text" });
});
