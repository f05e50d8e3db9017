import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { verifyRelease } from "@attacklens/protocol/releases/verify-release.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import {
  createSigningKey,
  publicKeyOf,
  readSigningKey,
  signRelease,
  signReleaseKeys,
} from "./sign-release.ts";

const never = () => Promise.reject(new Error("asked for a passphrase"));

test("a key with a passphrase is encrypted, and is opened by that passphrase alone", async () => {
  using folder = openTemporaryFolder("keys");
  const path = join(folder.path, "root.pem");
  const publicKey = createSigningKey(path, "correct horse");
  expect(readFileSync(path, "utf8")).toStartWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  expect(publicKeyOf(await readSigningKey(path, async () => "correct horse"))).toBe(publicKey);
  for (const wrong of ["", "wrong horse"])
    expect(readSigningKey(path, async () => wrong)).rejects.toThrow("the passphrase does not open it");
});

test("a key without a passphrase asks for none, and no public key looks like an option", async () => {
  using folder = openTemporaryFolder("keys");
  for (let index = 0; index < 200; index++)
    expect(createSigningKey(join(folder.path, `${index}.pem`), "")).not.toStartWith("-");
  await readSigningKey(join(folder.path, "0.pem"), never);
});

test("a release key signs only while it is valid, and a value out of bounds is named", async () => {
  using folder = openTemporaryFolder("keys");
  const [root, key] = await Promise.all(
    ["root.pem", "release.pem"].map((name) => {
      createSigningKey(join(folder.path, name), "");
      return readSigningKey(join(folder.path, name), never);
    }),
  );
  const [from, until] = [Date.parse("2026-11-01"), Date.parse("2026-12-01")];
  const validity = { validFrom: new Date(from).toISOString(), validUntil: new Date(until).toISOString() };
  const list = {
    serial: 1,
    created: validity.validFrom,
    keys: [{ publicKey: publicKeyOf(key!), ...validity }],
  };
  const keys = signReleaseKeys([root!], list);
  const file = join(folder.path, "attacklens-sensor-linux-x64");
  await Bun.write(file, "program");
  const release = { version: "2026.11.0", counter: 1, createdAt: from, expiresAt: until, files: [file] };
  const signed = signRelease(key!, keys, release);
  const trust = { rootKeys: [publicKeyOf(root!)], now: from + 1 };
  expect((await verifyRelease(JSON.stringify(signed), trust)).manifest).toEqual(signed.manifest);
  for (const createdAt of [from - 1, until])
    expect(() => signRelease(key!, keys, { ...release, createdAt })).toThrow("the key is valid from");
  expect(() => signRelease(key!, keys, { ...release, version: "next" })).toThrow(
    "Cannot sign the release: version must be a version such as 2026.11.0",
  );
  expect(() => signReleaseKeys([root!], { ...list, serial: 0 })).toThrow("serial must be at least 1");
});
