// Optional parts of a signature: the digests, the expiry, and the server's authority.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import { formatSignatureParams, SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import fc from "fast-check";
import { drawnCases } from "../../../harness/long-tests.ts";
import { makeTestSensor, type SignOptions } from "../../testing/test-sensor.ts";
import { openWorld } from "../../testing/test-world.ts";
import { openAgreementKeys } from "./agreement-keys.ts";
import { openOwnAuthorities } from "./own-authorities.ts";
import { parseGeneral, parseUsual } from "./sensor-signature.ts";

const PATH = "/sensor/v1/check-in";
const BODY = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const NOW = Date.parse("2026-11-24T09:00:00.000Z") / 1000;
const digestOf = (algorithm: "sha256" | "sha512", body: unknown = BODY) =>
  `:${createHash(algorithm).update(JSON.stringify(body)).digest("base64")}:`;
const [sha256, sha512] = [digestOf("sha256"), digestOf("sha512")];
const AUTHORITY = { components: [...SIGNED_COMPONENTS, "@authority"] };

/** Name, options, expected status, and expected text in the detail of a refusal. */
const cases: [string, SignOptions & { headers?: Record<string, string> }, number, string?][] = [
  ["sha-512 beside sha-256", { digest: `sha-256=${sha256}, sha-512=${sha512}` }, 200],
  ["sha-512 alone", { digest: `sha-512=${sha512}` }, 200],
  ["an unknown algorithm beside sha-256", { digest: `md5=:AAAA:, sha-256=${sha256}` }, 200],
  [
    "a wrong sha-512 beside sha-256",
    { digest: `sha-256=${sha256}, sha-512=${digestOf("sha512", 1)}` },
    401,
    "SHA-512",
  ],
  [
    "a wrong sha-256 beside sha-512",
    { digest: `sha-256=${digestOf("sha256", 1)}, sha-512=${sha512}` },
    401,
    "SHA-256",
  ],
  ["no known digest", { digest: "md5=:AAAA:" }, 401, "neither sha-256 nor sha-512"],
  ["a digest of another length", { digest: "sha-256=:AAAA:" }, 401, "sha-256 that is not one"],
  ["a digest that is text", { digest: 'sha-256="AAAA"' }, 401, "sha-256 that is not one"],
  ["a digest that is not a dictionary", { digest: "sha-256=:AAAA" }, 401, "structured field"],
  ["an expiry in the future", { params: `;expires=${NOW + 60}` }, 200],
  ["an expiry in the past", { params: `;expires=${NOW - 1}` }, 401, "it expired at 2026-11-24T08:59:59.000Z"],
  ["an expiry at the current second", { params: `;expires=${NOW}` }, 401, "it expired"],
  ["an expiry that is text", { params: `;expires="${NOW + 60}"` }, 401, "expires must be whole seconds"],
  [
    "an expiry in fractions of a second",
    { params: `;expires=${NOW + 60}.5` },
    401,
    "expires must be whole seconds",
  ],
  ["an expiry that is a flag", { params: ";expires" }, 401, "expires must be whole seconds"],
  [
    "an expiry beyond the last valid date",
    { params: ";expires=999999999999999" },
    401,
    "expires must be whole seconds",
  ],
  ["a created parameter that is text", { params: `;created="${NOW}"` }, 401, "created must be whole seconds"],
  ["a nonce that is a number", { params: ";nonce=5" }, 401, "nonce must be a string"],
  ["a keyid that is a number", { params: ";keyid=5" }, 401, "keyid is missing"],
  ["an alg that is a token", { params: ";alg=ed25519" }, 401, "alg must be ed25519"],
  ["another alg", { params: ';alg="hmac-sha512"' }, 401, "alg must be ed25519"],
  ["a MAC without a key of the server", { params: ';alg="hmac-sha256"' }, 401, "keyid of a MAC must be"],
  ["an unknown parameter", { params: ';tag="x"' }, 200],
  ["the server's own name", { ...AUTHORITY, authority: "attacklens.test" }, 200],
  [
    "the server's own name, with another Host header",
    { ...AUTHORITY, authority: "attacklens.test", headers: { host: "evil.test" } },
    200,
  ],
  [
    "the server's own host and port",
    { ...AUTHORITY, authority: "test:8443", headers: { host: "test:8443" } },
    200,
  ],
  ["another server's name", { ...AUTHORITY, authority: "evil.test" }, 401, "another server's @authority"],
  [
    "another server's name, with the same Host header",
    { ...AUTHORITY, authority: "evil.test", headers: { host: "evil.test" } },
    401,
  ],
  ["another port", { ...AUTHORITY, authority: "test:9", headers: { host: "test:9" } }, 401],
  ["@query", { components: [...SIGNED_COMPONENTS, "@query"] }, 401, "only @method, @path, @authority"],
];
test("the server checks the digests, the expiry and the authority of a signature", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("posture-manager");
  const token = { name: "Any", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body: token });
  const sensor = makeTestSensor();
  const enroll = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, {
    token: value,
  });
  const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", enroll)).json()) as {
    sensorId: string;
  };
  const failures: string[] = [];
  for (const [what, { headers, ...options }, status, detail = ""] of cases) {
    // The signer cannot cover a component without a value, so @query is added to the header after signing.
    const init = sensor.request("POST", PATH, BODY, world.clock.ms, {
      keyid: sensorId,
      ...options,
      ...(what === "@query" ? { components: SIGNED_COMPONENTS } : {}),
    });
    const own = { ...(init.headers as Record<string, string>), ...headers };
    if (what === "@query")
      own["signature-input"] = own["signature-input"]!.replace('"@path"', '"@path" "@query"');
    const reply = await world.fetch(PATH, { ...init, headers: own });
    const body = (await reply.json()) as ProblemBody;
    if (reply.status !== status || !(body.detail ?? "").includes(detail))
      failures.push(`${what}: ${reply.status} ${body.detail}`);
  }
  expect(failures).toEqual([]);
});

test("a server's own authorities are its configured names at its own ports", () => {
  const authorities = openOwnAuthorities({
    urls: ["https://console.example.com", "https://sensors.example.com:8443"],
    hosts: ["web-01", "10.0.0.5", "fe80::1"],
    ports: () => [8443, 9443],
  });
  const first = (host: string, forwarded?: string) =>
    authorities.candidates(new Headers({ host, ...(forwarded ? { "x-forwarded-host": forwarded } : {}) }))[0];
  expect(first("10.0.0.5:9443")).toBe("10.0.0.5:9443");
  expect(first("[FE80::1]:8443")).toBe("[fe80::1]:8443");
  expect(first("WEB-01:443")).toBe("web-01");
  expect(first("127.0.0.1:8080", "sensors.example.com:8443")).toBe("sensors.example.com:8443");
  for (const host of [
    "evil.example.com",
    "web-01:22",
    "web-01:8443:1",
    "web-01, web-01",
    "",
    "a".repeat(5_000),
  ])
    expect(first(host)).toBe("console.example.com");
  expect(authorities.candidates(new Headers({ host: "evil.example.com" }))).not.toContain("evil.example.com");
  expect(authorities.candidates(new Headers()).length).toBeLessThan(8);
});

test("the parser of the usual form returns what the general parser returns, or leaves the headers to it", () => {
  const bytes = (length: number) =>
    fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((array) => Buffer.from(array).toString("base64"));
  const usual = fc.record({
    components: fc.constantFrom<readonly string[]>(SIGNED_COMPONENTS, AUTHORITY.components, ["@method"]),
    created: fc.oneof(fc.nat(), fc.constantFrom(0, -1, 253_402_300_799, 253_402_300_800, 1.5)),
    nonce: fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 53 - 1, 2 ** 53, 1e16)),
    keyid: fc.oneof(
      fc.uuid().map((id) => `sen_${id}`),
      fc.uuid().map((id) => `sen_${id}.${"k".repeat(16)}`),
      fc.string({ maxLength: 8 }),
    ),
    alg: fc.constantFrom("ed25519" as const, "hmac-sha256" as const),
  });
  /** Cuts, doubles or replaces one character. */
  const change = fc.option(
    fc.tuple(fc.nat(), fc.constantFrom("", "0", " ", '"', ":", "=", ";", ",", "A", "_")),
    { freq: 1 },
  );
  const apply = (text: string, changed: [number, string] | null) =>
    changed === null
      ? text
      : text.slice(0, changed[0] % text.length) + changed[1] + text.slice((changed[0] % text.length) + 1);
  fc.assert(
    fc.property(
      usual,
      fc.oneof(bytes(64), bytes(32)),
      bytes(32),
      change,
      change,
      change,
      (params, value, digest, ...changes) => {
        const given = [
          apply(`sig1=${formatSignatureParams(params)}`, changes[0]),
          apply(`sig1=:${value}:`, changes[1]),
          apply(`sha-256=:${digest}:`, changes[2]),
          SIGNED_COMPONENTS,
        ] as const;
        const found = parseUsual(...given);
        if (found) expect(parseGeneral(...given)).toEqual(found);
      },
    ),
    { numRuns: drawnCases(6_000) },
  );
});

test.each([undefined, openAgreementKeys("a".repeat(32), () => "").current(NOW * 1000)])(
  "the parser of the usual form accepts what our sensor sends",
  (macWith) => {
    const options = { keyid: "sen_1", macWith };
    const { headers } = makeTestSensor().request("POST", PATH, BODY, NOW * 1000, options);
    const of = (name: string) => (headers as Record<string, string>)[name]!;
    const found = parseUsual(of("signature-input"), of("signature"), of("content-digest"), SIGNED_COMPONENTS);
    const serverKeyId = macWith?.id;
    expect(found).toMatchObject({ keyid: "sen_1", serverKeyId, nonce: 1, created: NOW, expires: undefined });
  },
);
