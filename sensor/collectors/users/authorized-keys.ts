// The SSH keys that open a session of an account (AuthorizedKeysFile of sshd_config(5), sshd(8)). Comments
// and the values of options are left out: they are addresses, commands and variables.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import type { IsLocal } from "../system/local-path.ts";
import type { PasswdEntry } from "./passwd.ts";
import { isKeyType, parsePublicKey } from "./ssh-public-key.ts";

type AuthorizedKey = NonNullable<Extract<Item<"users">, { kind: "user" }>["authorizedKeys"]>[number];

const MAX_KEYS = 1_000;
/** sshd reads no longer lines. */
const MAX_LINE = 16 * 1024;
const OPTIONS = new Set([
  ...["cert-authority", "command", "environment", "expiry-time", "from", "principals", "restrict", "tunnel"],
  ...["agent-forwarding", "no-agent-forwarding", "port-forwarding", "no-port-forwarding", "permitlisten"],
  ...["permitopen", "pty", "no-pty", "user-rc", "no-user-rc", "x11-forwarding", "no-x11-forwarding"],
  ...["no-touch-required", "verify-required"],
]);

/** `patterns`: the words of AuthorizedKeysFile. Undefined if the files are out of reach. */
export function readAuthorizedKeys(
  files: HostFiles,
  user: PasswdEntry,
  patterns: readonly string[],
  isLocal: IsLocal,
): AuthorizedKey[] | undefined {
  const paths = patterns.flatMap((pattern) => pathOf(pattern, user));
  const local = paths.filter(isLocal);
  for (const path of paths)
    if (!local.includes(path))
      files.noteGap({ kind: "unreadable", subject: path, reason: "on a network file system" });
  if (local.length < paths.length) return undefined;
  const keys = local.flatMap((path) => {
    const text = files.findText(path);
    return text === undefined ? [] : parseAuthorizedKeys(text, path);
  });
  return [...firstOf(files, `authorized keys of ${user.name}`, keys, MAX_KEYS)];
}

/** Expands %h, %u, %U and %%. A relative path starts at the home folder. */
function pathOf(pattern: string, { name, uid, home }: PasswdEntry): string[] {
  if (pattern.toLowerCase() === "none") return [];
  const expanded = pattern.includes("%")
    ? pattern.replace(/%([huU%])/g, (_, token: string) =>
        token === "h" ? home : token === "u" ? name : token === "U" ? String(uid) : "%",
      )
    : pattern;
  return [posix.resolve("/", home, expanded)];
}

export function parseAuthorizedKeys(text: string, source: string): AuthorizedKey[] {
  return text.split("\n").flatMap((raw) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.length > MAX_LINE) return [];
    const [first = ""] = line.split(/[ \t]/, 1);
    const optionsEnd = isKeyType(first) ? 0 : endOfOptions(line);
    const [type = "", base64 = ""] = line
      .slice(optionsEnd)
      .trimStart()
      .split(/[ \t]+/, 2);
    const key = parsePublicKey(type, base64);
    if (key === undefined) return [];
    const options = optionNames(line.slice(0, optionsEnd));
    return { ...key, options, source: factText(source, 1_000) };
  });
}

/** Options have no blanks except in double quotes. */
function endOfOptions(line: string): number {
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at];
    if (char === "\\" && line[at + 1] === '"') at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (char === " " || char === "\t")) return at;
  }
  return line.length;
}

/** The known names, each once, in their order. */
function optionNames(text: string): string[] {
  const names: string[] = [];
  let isQuoted = false;
  let name = "";
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at];
    if (char === "\\" && text[at + 1] === '"') at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === undefined || (!isQuoted && char === ",")) {
      const known = name.split("=", 1)[0]!.trim().toLowerCase();
      if (OPTIONS.has(known) && !names.includes(known)) names.push(known);
      name = "";
    } else if (!isQuoted && name.length < 100) name += char;
  }
  return names;
}
