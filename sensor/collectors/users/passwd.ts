// The account files: passwd(5), group(5), shadow(5). Skips invalid lines and NIS entries (+, -).
import { parseCount } from "../collector.ts";

export interface PasswdEntry {
  name: string;
  password: string;
  uid: number;
  gid: number;
  gecos: string;
  home: string;
  shell: string;
}

export function parsePasswd(text: string): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  const shared = openSharedTexts();
  for (const line of linesOf(text)) {
    const [name = "", password = "", uidText, gidText, gecos = "", home = "", shell = ""] = line.split(":");
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    if (!isName(name) || uid === undefined || gid === undefined) continue;
    const others = { password: shared(password), uid, gid, gecos: shared(gecos), home, shell: shared(shell) };
    entries.push({ name, ...others });
  }
  return entries;
}

export interface GroupEntry {
  name: string;
  gid: number;
  members: readonly string[];
}

export function parseGroup(text: string): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const line of linesOf(text)) {
    const [name = "", , gidText, members = ""] = line.split(":");
    const gid = parseId(gidText);
    if (!isName(name) || gid === undefined) continue;
    const isEmpty = members === "";
    entries.push({
      name,
      gid,
      members: isEmpty ? NO_MEMBERS : members.split(",").flatMap((member) => member.trim() || []),
    });
  }
  return entries;
}

const NO_MEMBERS: readonly string[] = [];

/** Password fields by account. */
export function parseShadow(text: string): Map<string, string> {
  const passwords = new Map<string, string>();
  const shared = openSharedTexts();
  for (const line of linesOf(text)) {
    const [name = "", password = ""] = line.split(":", 2);
    if (isName(name) && !passwords.has(name)) passwords.set(name, shared(password));
  }
  return passwords;
}

/** Whether a password field (crypt(5)) allows sign-in without a password, with one, or not at all. */
export function passwordState(field: string): "set" | "locked" | "none" {
  if (field === "") return "none";
  return field.startsWith("!") || field.startsWith("*") || field === "x" ? "locked" : "set";
}

/** One after another: a file may have a hundred thousand. */
function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (end > start && text[start] !== "#") yield text.slice(start, end);
    start = end + 1;
  }
}

const MAX_SHARED = 1_000;

/** Most accounts have one of a few shells, and no password here: each of these is in memory once. */
function openSharedTexts(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const known = texts.get(text);
    if (known === undefined && texts.size < MAX_SHARED) texts.set(text, text);
    return known ?? text;
  };
}

function isName(name: string): boolean {
  return name !== "" && !name.startsWith("+") && !name.startsWith("-");
}

/** Ids have 32 bits. */
function parseId(text: string | undefined): number | undefined {
  const id = parseCount(text);
  return id !== undefined && id <= 0xffffffff ? id : undefined;
}
