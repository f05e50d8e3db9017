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
  return lines(text).flatMap((line) => {
    const [name = "", password = "", uidText, gidText, gecos = "", home = "", shell = ""] = line.split(":");
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    if (!isName(name) || uid === undefined || gid === undefined) return [];
    return { name, password, uid, gid, gecos, home, shell };
  });
}

export interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

export function parseGroup(text: string): GroupEntry[] {
  return lines(text).flatMap((line) => {
    const [name = "", , gidText, members = ""] = line.split(":");
    const gid = parseId(gidText);
    if (!isName(name) || gid === undefined) return [];
    return { name, gid, members: members.split(",").flatMap((member) => member.trim() || []) };
  });
}

/** Password fields by account. */
export function parseShadow(text: string): Map<string, string> {
  const passwords = new Map<string, string>();
  for (const line of lines(text)) {
    const [name = "", password = ""] = line.split(":", 2);
    if (isName(name) && !passwords.has(name)) passwords.set(name, password);
  }
  return passwords;
}

/** Whether a password field (crypt(5)) allows sign-in without a password, with one, or not at all. */
export function passwordState(field: string): "set" | "locked" | "none" {
  if (field === "") return "none";
  return field.startsWith("!") || field.startsWith("*") || field === "x" ? "locked" : "set";
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function isName(name: string): boolean {
  return name !== "" && !name.startsWith("+") && !name.startsWith("-");
}

/** Ids have 32 bits. */
function parseId(text: string | undefined): number | undefined {
  const id = parseCount(text);
  return id !== undefined && id <= 0xffffffff ? id : undefined;
}
