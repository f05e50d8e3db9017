// The bundled list of passwords from breaches. Each entry is the start of the SHA-256 of a password in lower
// case. tasks/breached-passwords.ts writes the list.
import { createHash } from "node:crypto";
import listPath from "./breached-passwords.bin" with { type: "file" };
import { normalizedPassword } from "./password.ts";

/** Of 12,000 entries, a password that is not in the list matches one with a probability of 10^-8. */
const KEY_BYTES = 5;

function breachKey(password: string): number {
  return createHash("sha256")
    .update(normalizedPassword(password).toLowerCase())
    .digest()
    .readUIntBE(0, KEY_BYTES);
}

let list: Promise<Buffer> | undefined;

async function readList(): Promise<Buffer> {
  return Buffer.from(await Bun.file(listPath).arrayBuffer());
}

export async function isBreached(password: string): Promise<boolean> {
  list ??= readList();
  const entries = await list;
  const key = breachKey(password);
  let [low, high] = [0, entries.length / KEY_BYTES - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = entries.readUIntBE(middle * KEY_BYTES, KEY_BYTES);
    if (found === key) return true;
    if (found < key) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
