// What a signed release must be before a server offers it or a sensor runs it.
import { describe, expect, test } from "bun:test";
import type { Json } from "../canonical-json.ts";
import { type SignedPart, type SignedRelease, signedBytes } from "./release.ts";
import { type ReleaseTrust, verifyRelease, verifyReleaseKeys } from "./verify-release.ts";

const NOW = Date.parse("2026-12-01T00:00:00.000Z");
const at = (day: number) => new Date(NOW + day * 86_400_000).toISOString();

async function makeKey() {
  const { publicKey, privateKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const text = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("base64url");
  return {
    publicKey: text(await crypto.subtle.exportKey("raw", publicKey)),
    async sign(part: SignedPart, value: unknown) {
      const bytes = signedBytes(part, value as Json);
      return {
        publicKey: this.publicKey,
        value: text(await crypto.subtle.sign("Ed25519", privateKey, bytes)),
      };
    },
  };
}

const [root, otherRoot, releaseKey, otherKey] = [
  await makeKey(),
  await makeKey(),
  await makeKey(),
  await makeKey(),
];
const file = {
  name: "attacklens-sensor-linux-x64",
  program: "sensor" as const,
  target: "linux-x64",
  format: "program" as const,
  size: 100,
  sha256: "ab".repeat(32),
};

interface Parts {
  manifest?: Record<string, unknown>;
  releaseKeys?: Record<string, unknown>;
}

async function makeRelease({ manifest = {}, releaseKeys = {} }: Parts = {}): Promise<SignedRelease> {
  const keys = {
    serial: 3,
    created: at(-100),
    keys: [{ publicKey: releaseKey.publicKey, validFrom: at(-100), validUntil: at(100) }],
    ...releaseKeys,
  };
  const made = {
    version: "2026.11.0",
    counter: 7,
    created: at(-1),
    expires: at(50),
    files: [file],
    ...manifest,
  };
  return {
    releaseKeys: keys,
    rootSignatures: [await root.sign("releaseKeys", keys)],
    manifest: made,
    signature: await releaseKey.sign("manifest", made),
  } as SignedRelease;
}

const verify = (release: unknown, trust: Partial<ReleaseTrust> = {}) =>
  verifyRelease(typeof release === "string" ? release : JSON.stringify(release), {
    rootKeys: [root.publicKey],
    now: NOW,
    ...trust,
  });

const refusalOf = async (release: unknown, trust: Partial<ReleaseTrust> = {}) => {
  const error = await verify(release, trust).catch((thrown: unknown) => thrown);
  return (error as { refusal?: string }).refusal;
};

test("a release is accepted that a trusted root key and one of its release keys sign", async () => {
  const { manifest, releaseKeys } = await verify(await makeRelease());
  expect(manifest.files).toEqual([file]);
  expect(releaseKeys.serial).toBe(3);
});

test("the order of members and white space do not matter, and unknown members are signed too", async () => {
  const release = await makeRelease({ manifest: { notes: { later: [1, { b: null, a: "ü" }] } } });
  const reversed = Object.fromEntries(Object.entries(release.manifest).toReversed());
  expect((await verify(JSON.stringify({ ...release, manifest: reversed }, null, 4))).manifest.counter).toBe(
    7,
  );
  const changed = { ...release, manifest: { ...release.manifest, notes: { later: [2] } } };
  expect(await refusalOf(changed)).toBe("signature-invalid");
});

describe("a release is refused", () => {
  test("when no root key is trusted, or another one signs", async () => {
    const release = await makeRelease();
    expect(await refusalOf(release, { rootKeys: [] })).toBe("root-unknown");
    expect(await refusalOf(release, { rootKeys: [otherRoot.publicKey] })).toBe("root-unknown");
  });

  test("when any signed value changes", async () => {
    const release = await makeRelease();
    const changes: ((copy: SignedRelease) => void)[] = [
      (copy) => {
        copy.manifest.counter += 1;
      },
      (copy) => {
        copy.manifest.version = "2026.11.1";
      },
      (copy) => {
        copy.manifest.expires = at(51);
      },
      (copy) => {
        copy.manifest.files[0]!.sha256 = "ac".repeat(32);
      },
      (copy) => {
        copy.manifest.files[0]!.size = 101;
      },
      (copy) => {
        copy.manifest.files[0]!.target = "linux-arm64";
      },
      (copy) => {
        copy.manifest.files[0]!.name = "other";
      },
      (copy) => {
        copy.releaseKeys.serial += 1;
      },
      (copy) => {
        copy.releaseKeys.keys[0]!.validUntil = at(101);
      },
    ];
    for (const change of changes) {
      const copy = structuredClone(release);
      change(copy);
      expect(await refusalOf(copy)).toBe("signature-invalid");
    }
  });

  test("when another key signs, or claims to be the listed one", async () => {
    const release = await makeRelease();
    const forged = await otherKey.sign("manifest", release.manifest);
    expect(await refusalOf({ ...release, signature: forged })).toBe("key-unknown");
    const claimed = { ...forged, publicKey: releaseKey.publicKey };
    expect(await refusalOf({ ...release, signature: claimed })).toBe("signature-invalid");
    // A root key signs release keys only.
    const byRoot = await root.sign("manifest", release.manifest);
    expect(await refusalOf({ ...release, signature: byRoot })).toBe("key-unknown");
  });

  test("when the signature is of the other part", async () => {
    const release = await makeRelease();
    const signature = await releaseKey.sign("releaseKeys", release.manifest);
    expect(await refusalOf({ ...release, signature })).toBe("signature-invalid");
  });

  test("when a signature of an unknown root is good, and that of the trusted root is not", async () => {
    const release = await makeRelease();
    const [good] = release.rootSignatures;
    const other = await otherRoot.sign("releaseKeys", release.releaseKeys);
    const rootSignatures = [other, { ...good!, value: other.value }];
    expect(await refusalOf({ ...release, rootSignatures })).toBe("signature-invalid");
  });

  test("when it or its key is not in force", async () => {
    expect(await refusalOf(await makeRelease(), { now: NOW + 51 * 86_400_000 })).toBe("expired");
    expect(await refusalOf(await makeRelease(), { now: NOW - 2 * 86_400_000 })).toBe("not-yet-valid");
    const key = { publicKey: releaseKey.publicKey, validFrom: at(-9), validUntil: at(0) };
    expect(await refusalOf(await makeRelease({ releaseKeys: { keys: [key] } }))).toBe("expired");
    const later = { ...key, validFrom: at(1), validUntil: at(9) };
    expect(await refusalOf(await makeRelease({ releaseKeys: { keys: [later] } }))).toBe("not-yet-valid");
  });

  test("when its counter or its list of keys is older than what was accepted", async () => {
    const release = await makeRelease();
    expect(await refusalOf(release, { accepted: { counter: 8, keySerial: 3 } })).toBe("older");
    expect(await refusalOf(release, { accepted: { counter: 7, keySerial: 4 } })).toBe("older");
    expect(await refusalOf(release, { accepted: { counter: 7, keySerial: 3 } })).toBeUndefined();
  });

  test.each([
    "",
    "null",
    "[]",
    "{}",
    "nothing",
    `{"manifest":${"[".repeat(100_000)}`,
    `{"manifest":{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
    " ".repeat(300_000),
  ])("when it is not a release: %#", async (text) => {
    expect(await refusalOf(text)).toBe("malformed");
  });

  test("when an unknown member is nested too deeply to be signed", async () => {
    const text = JSON.stringify(await makeRelease({ manifest: { x: 1 } }));
    expect(await refusalOf(text.replace('"x":1', `"x":${"[".repeat(90_000)}${"]".repeat(90_000)}`))).toBe(
      "signature-invalid",
    );
  });

  test.each([
    { name: "../attacklens" },
    { name: "a/b" },
    { name: "a\\b" },
    { name: ".hidden" },
    { name: "manifest.json" },
    { name: "ca.pem" },
    { name: "" },
    { name: "a b" },
    { name: "a\u202eb" },
    { name: "x".repeat(101) },
    { size: 0 },
    { size: 1.5 },
    { size: 2 ** 40 },
    { sha256: "AB".repeat(32) },
    { target: "linux x64" },
    { format: "exe" },
    { program: "console" },
  ])("when a file is %p", async (change) => {
    const release = await makeRelease({ manifest: { files: [{ ...file, ...change }] } });
    expect(await refusalOf(release)).toBe("malformed");
  });

  test("when a file name is repeated, in any case", async () => {
    const files = [file, { ...file, name: file.name.toUpperCase() }];
    expect(await refusalOf(await makeRelease({ manifest: { files } }))).toBe("malformed");
  });
});

test("times are not checked without a clock, and the signatures still are", async () => {
  const release = await makeRelease({ manifest: { expires: at(-0.5) } });
  expect(await refusalOf(release)).toBe("expired");
  expect(await refusalOf(release, { now: undefined })).toBeUndefined();
  expect(await refusalOf(release, { now: undefined, rootKeys: [otherRoot.publicKey] })).toBe("root-unknown");
});

test("a new root key takes over when both sign the release keys", async () => {
  const release = await makeRelease();
  release.rootSignatures.push(await otherRoot.sign("releaseKeys", release.releaseKeys));
  for (const rootKeys of [[root.publicKey], [otherRoot.publicKey]])
    expect(await refusalOf(release, { rootKeys })).toBeUndefined();
});

test("a later list replaces the keys of an earlier one", async () => {
  const next = { publicKey: otherKey.publicKey, validFrom: at(-1), validUntil: at(100) };
  const rotated = await makeRelease({ releaseKeys: { serial: 4, keys: [next] } });
  // The key that was replaced signs no more.
  expect(await refusalOf(rotated)).toBe("key-unknown");
  const signature = await otherKey.sign("manifest", rotated.manifest);
  expect(await refusalOf({ ...rotated, signature })).toBeUndefined();
});

test("the release keys are verified without a release", async () => {
  const { releaseKeys, rootSignatures } = await makeRelease();
  const text = JSON.stringify({ releaseKeys, rootSignatures });
  const trust = { rootKeys: [root.publicKey], now: NOW };
  expect((await verifyReleaseKeys(text, trust)).releaseKeys.serial).toBe(3);
  const refused = verifyReleaseKeys(text, { ...trust, rootKeys: [] });
  expect(await refused.catch((error: { refusal: string }) => error.refusal)).toBe("root-unknown");
});
