// attacklens releases new-key, sign-keys and sign: for the publisher of a release, away from any server.
import type { KeyObject } from "node:crypto";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { publicKey as publicKeySchema } from "@attacklens/protocol/enroll.ts";
import { MANIFEST_FILE, signedReleaseKeys } from "@attacklens/protocol/releases/release.ts";
import { verifyReleaseKeys } from "@attacklens/protocol/releases/verify-release.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { ConfigError } from "../config.ts";
import { readOperatorFile } from "../operator-file.ts";
import { classifyFile } from "../releases/release-files.ts";
import { createSigningKey, readSigningKey, signRelease, signReleaseKeys } from "../releases/sign-release.ts";
import { readPassword } from "./read-password.ts";

const DAY_MS = 86_400_000;
const MAX_DAYS = 3_650;
const text = { type: "string" } as const;

export async function newKey(args: string[]): Promise<void> {
  const { values, positionals } = parse(() =>
    parseArgs({ args, options: { passphrase: { type: "boolean" } }, allowPositionals: true }),
  );
  const path = one(positionals, "FILE for the private key");
  const passphrase = values.passphrase ? await readPassword("Passphrase for the key: ") : "";
  if (values.passphrase && passphrase === "") throw new ConfigError("the passphrase must not be empty");
  console.log(createSigningKey(path, passphrase));
}

export async function signKeys(args: string[]): Promise<void> {
  const options = { root: { type: "string", multiple: true }, serial: text, days: text, out: text } as const;
  const { values, positionals } = parse(() => parseArgs({ args, options, allowPositionals: true }));
  const serial = count(values.serial, "--serial");
  const days = count(values.days ?? "365", "--days", MAX_DAYS);
  const out = required(values.out, "--out");
  if (!values.root) throw new ConfigError("--root is required");
  if (positionals.length === 0) throw new ConfigError("sign-keys needs the public key of each release key");
  const wrong = positionals.find((key) => !publicKeySchema.safeParse(key).success);
  if (wrong !== undefined) throw new ConfigError(`${JSON.stringify(wrong)} is not a public key of new-key`);
  const roots: KeyObject[] = [];
  for (const path of values.root) roots.push(await readKey(path));
  const now = Date.now();
  const [created, validUntil] = [now, now + days * DAY_MS].map((at) => new Date(at).toISOString());
  const keys = positionals.map((key) => ({ publicKey: key, validFrom: created!, validUntil: validUntil! }));
  const signed = signReleaseKeys(roots, { serial, created: created!, keys });
  write(out, signed);
  console.log(`${out}: ${keys.length} release keys, serial ${serial}, until ${validUntil}`);
}

export async function sign(args: string[]): Promise<void> {
  const options = { key: text, keys: text, counter: text, version: text, days: text, out: text } as const;
  const { values, positionals } = parse(() => parseArgs({ args, options, allowPositionals: true }));
  const counter = count(values.counter, "--counter");
  const days = count(values.days ?? "365", "--days", MAX_DAYS);
  const keys = await readKeys(required(values.keys, "--keys"));
  const files = positionals.flatMap(filesIn);
  if (files.length === 0)
    throw new ConfigError(
      "sign needs programs, e.g. attacklens releases sign … dist after npm run build -- --all",
    );
  const folder = positionals.find(isFolder);
  const out = values.out ?? required(folder && join(folder, MANIFEST_FILE), "--out");
  const now = Date.now();
  const key = await readKey(required(values.key, "--key"));
  const version = values.version ?? RELEASE;
  const release = { version, counter, createdAt: now, expiresAt: now + days * DAY_MS, files };
  const { manifest, ...rest } = signRelease(key, keys, release);
  write(out, { ...rest, manifest });
  for (const { name, sha256 } of manifest.files) console.log(`${sha256}  ${name}`);
  console.log(`${out}: release ${version}, counter ${counter}, until ${manifest.expires}`);
}

/** Verified with the root keys that it names: the publisher knows them, and a damaged file is found here. */
async function readKeys(path: string) {
  const text = readOperatorFile(path);
  let roots: string[] = [];
  try {
    roots = signedReleaseKeys.parse(JSON.parse(text)).rootSignatures.map(({ publicKey }) => publicKey);
  } catch {
    // verifyReleaseKeys says why.
  }
  return await verifyReleaseKeys(text, { rootKeys: roots });
}

function readKey(path: string): Promise<KeyObject> {
  return readSigningKey(path, () => readPassword(`Passphrase for ${path}: `));
}

/** The programs and packages in a folder, or the file itself. */
function filesIn(path: string): string[] {
  if (!isFolder(path)) return [path];
  return readdirSync(path)
    .filter((name) => classifyFile(name) !== undefined)
    .map((name) => join(path, name));
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function write(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

function count(value: string | undefined, flag: string, max = Number.MAX_SAFE_INTEGER): number {
  const number = Number(required(value, flag));
  if (Number.isSafeInteger(number) && number >= 1 && number <= max) return number;
  throw new ConfigError(`${flag} must be a whole number from 1 to ${max}`);
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw new ConfigError(`${flag} is required`);
  return value;
}

function one(words: string[], what: string): string {
  const [word, ...more] = words;
  if (word !== undefined && more.length === 0) return word;
  throw new ConfigError(`the command takes one ${what}, and ${words.length} were given`);
}

function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
