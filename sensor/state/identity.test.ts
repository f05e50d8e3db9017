import { afterEach, beforeEach, expect, test } from "bun:test";
import { createPublicKey, sign, verify } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../testing/test-command.ts";
import { SENSOR_ID } from "../testing/test-server.ts";
import {
  type EnrolledIdentity,
  identityPath,
  makeIdentity,
  readIdentity,
  writeIdentity,
} from "./identity.ts";
import { privateKeyOf } from "./private-key.ts";

const SERVER = "https://attacklens.example.com";
let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder[Symbol.dispose]());

const enrolled = (): EnrolledIdentity => ({
  ...makeIdentity(SERVER),
  state: "enrolled",
  sensorId: SENSOR_ID,
  enrolledAt: "2026-11-24T09:30:00.000Z",
});

test("returns undefined if there is no identity", () => {
  expect(readIdentity(folder.path)).toBeUndefined();
  expect(readIdentity(`${folder.path}/not/there`)).toBeUndefined();
});

test("reads a written identity in both states", () => {
  for (const identity of [makeIdentity(SERVER), enrolled()]) {
    writeIdentity(folder.path, identity);
    expect(readIdentity(folder.path)).toEqual(identity);
  }
});

test("the public key verifies signatures of the stored private key", () => {
  const identity = makeIdentity(SERVER);
  writeIdentity(folder.path, identity);
  const text = Buffer.from("text");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: identity.publicKey }, format: "jwk" });
  const signature = sign(null, text, privateKeyOf(readIdentity(folder.path)!));
  expect(verify(null, text, key, signature)).toBe(true);
});

test("creates a different key for each host", () => {
  expect(makeIdentity(SERVER).privateKey).not.toBe(makeIdentity(SERVER).privateKey);
});

test("only the owner can read the file", () => {
  writeIdentity(folder.path, enrolled());
  expect(statSync(identityPath(folder.path)).mode & 0o777).toBe(0o600);
});

test("claims a key for a re-enrollment while other commands remove theirs", async () => {
  const script = (command: string) =>
    `import { claimCandidate, removeCandidate } from ${JSON.stringify(join(import.meta.dir, "identity.ts"))};
    for (let times = 0; times < 50; times++) ${command};`;
  const claim = script(`claimCandidate(process.argv.at(-1), ${JSON.stringify(SERVER)}, {})`);
  const remove = script("removeCandidate(process.argv.at(-1))");
  const programs = [claim, remove, claim, remove].map((text) =>
    Bun.spawn([process.execPath, "-e", text, folder.path]),
  );
  expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
  expect(readdirSync(folder.path)).toBeOneOf([[], ["re-enroll"]]);
});

test("detects a changed field in the file", () => {
  const identity = enrolled();
  writeIdentity(folder.path, identity);
  const sound = readFileSync(identityPath(folder.path), "utf8");
  for (const field of ["publicKey", "privateKey", "sensorId", "version", "state", "enrolledAt"] as const) {
    const at = sound.indexOf(`${identity[field]}`, sound.indexOf(`"${field}"`) + field.length + 2);
    writeFileSync(identityPath(folder.path), `${sound.slice(0, at)}~${sound.slice(at + 1)}`);
    expect(() => readIdentity(folder.path)).toThrow("the file is damaged; it was not changed");
  }
});

test("errors do not contain the private key", () => {
  const identity = { ...makeIdentity(SERVER), publicKey: "short" };
  writeFileSync(identityPath(folder.path), JSON.stringify(identity));
  try {
    readIdentity(folder.path);
    expect.unreachable();
  } catch (error) {
    expect(Bun.inspect(error)).not.toContain(identity.privateKey);
  }
});
