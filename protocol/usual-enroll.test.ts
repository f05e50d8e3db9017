import { expect, test } from "bun:test";
import fc from "fast-check";
import { enroll } from "./enroll.ts";
import { parseUsualEnroll } from "./usual-enroll.ts";

const USUAL = {
  publicKey: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  protocolVersion: 1,
  sensorVersion: "2026.11.0",
  host: {
    ...{ hostname: "web-01", platform: "linux", architecture: "amd64" },
    ...{ osName: "Debian GNU/Linux", osVersion: "12 (bookworm)", machineId: "ab12" },
    macs: ["d0:94:66:12:00:01"],
    addresses: ["10.0.0.1", "fe80::1"],
  },
};

test("the body of our sensor needs no schema", () => {
  expect(parseUsualEnroll(USUAL)).toEqual(enroll.body.parse(USUAL));
  const { macs: _, addresses: __, ...host } = USUAL.host;
  const short = { ...USUAL, host };
  expect(parseUsualEnroll(short)).toEqual(enroll.body.parse(short));
});

/** Values at the limits of facts, and of other types. */
const value = fc.oneof(
  fc.constantFrom<unknown>("", "linux", "darwin", "solaris", "amd64", "é\ud800", "a\u202eb", "\u0000"),
  fc.constantFrom(40, 41, 60, 61, 100, 101, 200, 201, 253, 254).map((length) => "x".repeat(length)),
  fc.constantFrom<unknown>(null, undefined, 0, 1, 2, true, {}, [], [null], ["x"], ["x".repeat(61)]),
  fc.constantFrom(64, 65, 256, 257).map((length) => new Array(length).fill("::1")),
  fc.constantFrom("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", USUAL.publicKey, `${USUAL.publicKey}=`),
);
const OUTER = [...Object.keys(USUAL), "other", "__proto__"];
const INNER = [
  ...Object.keys(USUAL.host),
  ...["productUuid", "serialNumber", "cloudInstanceId", "other", "constructor"],
];

test("the schema returns the same for every body that is parsed without it", () => {
  let parsed = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(OUTER, INNER),
      fc.array(fc.tuple(fc.nat(), value, fc.boolean()), { maxLength: 2 }),
      (names, changes) => {
        const body: Record<string, unknown> = structuredClone(USUAL);
        const changed = (names === OUTER ? body : body.host) as Record<string, unknown>;
        for (const [index, other, isRemoved] of changes) {
          const name = names[index % names.length]!;
          if (isRemoved) delete changed[name];
          else Object.defineProperty(changed, name, { value: other, enumerable: true, configurable: true });
        }
        const received: unknown = JSON.parse(JSON.stringify(body));
        const usual = parseUsualEnroll(received);
        if (usual === undefined) return;
        parsed++;
        expect(enroll.body.safeParse(received)).toEqual({ success: true, data: usual });
      },
    ),
    { numRuns: 5_000 },
  );
  expect(parsed).toBeGreaterThan(100);
});
