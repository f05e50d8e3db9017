// The criteria of a Match block of sshd_config(5).
import { ipVersion } from "../../ip-address.ts";

const CRITERIA = new Map(
  ["User", "Group", "Host", "Address", "LocalAddress", "LocalPort", "RDomain"].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/** The first version with `Match invalid-user`. */
const INVALID_USER = 909;

/** The criteria as one text. Empty: all connections. Undefined: sshd does not accept them. */
export function readCriteria(words: readonly string[], version: number): string | undefined {
  if (words[0]?.toLowerCase() === "all") return words.length === 1 ? "" : undefined;
  const criteria: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word.toLowerCase() === "invalid-user" && version >= INVALID_USER) {
      criteria.push("Invalid-User");
      continue;
    }
    const equals = word.indexOf("=");
    const name = CRITERIA.get((equals < 0 ? word : word.slice(0, equals)).toLowerCase());
    if (equals < 0) at += 1;
    const value = equals < 0 ? words[at] : word.slice(equals + 1);
    if (name === undefined || !value || !isCriterion(name, value)) return undefined;
    criteria.push(`${name} ${value}`);
  }
  return criteria.length > 0 ? criteria.join(" ") : undefined;
}

function isCriterion(name: string, value: string): boolean {
  if (name === "LocalPort") return /^\d{1,5}$/.test(value) && Number(value) < 65_536;
  return !name.endsWith("Address") || value.split(",").every(isAddressPattern);
}

/** An address, a network whose host bits are 0, or a pattern. */
export function isAddressPattern(text: string): boolean {
  const [address = "", length] = text.replace(/^!/, "").split("/", 2);
  if (text.replace(/^!/, "") === "") return false;
  const kind = ipVersion(address);
  if (length === undefined || kind === 0 || !/^\d{1,3}$/.test(length)) return true;
  const bits = kind === 4 ? bitsOfIPv4(address) : bitsOfIPv6(address);
  return Number(length) > bits.length || !bits.includes("1", Number(length));
}

function bitsOfIPv4(address: string): string {
  return address
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
}

function bitsOfIPv6(address: string): string {
  const plain = address
    .replace(/%.*$/, "")
    .replace(/[\d.]+$/, (tail) => (tail.includes(".") ? hexOf(tail) : tail));
  const [before = "", after] = plain.split("::");
  const head = before.split(":").filter(Boolean);
  const tail = (after ?? "").split(":").filter(Boolean);
  const zeros = Array.from({ length: after === undefined ? 0 : 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail]
    .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, "0"))
    .join("");
}

/** The last four bytes, which may be written as in IPv4. */
function hexOf(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
