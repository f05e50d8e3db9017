// The account files: passwd(5), group(5), shadow(5). Skips invalid lines and NIS entries (+, -). Yields one
// entry after another: a file may have a hundred thousand.
import { parseCount } from "../collector.ts";
import { limitGarbage } from "../garbage.ts";

export interface PasswdEntry {
  name: string;
  password: string;
  uid: number;
  gid: number;
  gecos: string;
  home: string;
  shell: string;
}

export function* parsePasswd(text: string): Generator<PasswdEntry> {
  for (const line of linesOf(text)) {
    const [name = "", password = "", uidText, gidText, gecos = "", home = "", shell = ""] = line.split(":");
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    if (!isName(name) || uid === undefined || gid === undefined) continue;
    yield { name, password, uid, gid, gecos, home, shell };
  }
}

export interface GroupEntry {
  name: string;
  gid: number;
  members: readonly string[];
}

export function* parseGroup(text: string): Generator<GroupEntry> {
  for (const line of linesOf(text)) {
    const [name = "", , gidText, members = ""] = line.split(":");
    const gid = parseId(gidText);
    if (!isName(name) || gid === undefined) continue;
    yield { name, gid, members: members.split(",").flatMap((member) => member.trim() || []) };
  }
}

export interface ShadowEntry {
  name: string;
  password: string;
  /** The days after the password. */
  days: readonly string[];
}

export function* parseShadow(text: string): Generator<ShadowEntry> {
  for (const line of linesOf(text)) {
    const [name = "", password = "", ...days] = line.split(":", 9);
    if (isName(name)) yield { name, password, days };
  }
}

/** Whether a password field (crypt(5)) allows sign-in without a password, with one, or not at all. */
export function passwordState(field: string): "set" | "locked" | "none" {
  if (field === "") return "none";
  return field.startsWith("!") || field.startsWith("*") || field === "x" ? "locked" : "set";
}

function* linesOf(text: string): Generator<string> {
  let lines = 0;
  for (let start = 0; start < text.length; ) {
    lines += 1;
    if (lines % 1_000 === 0) limitGarbage();
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (end > start && text[start] !== "#") yield text.slice(start, end);
    start = end + 1;
  }
}

function isName(name: string): boolean {
  return name !== "" && !name.startsWith("+") && !name.startsWith("-");
}

/** Ids have 32 bits. */
function parseId(text: string | undefined): number | undefined {
  const id = parseCount(text);
  return id !== undefined && id <= 0xffffffff ? id : undefined;
}
