// The rules of sudoers(5) on this host: which users may run which commands as root. Users and groups are
// matched, hosts by name. Conditions that only sudo can evaluate (netgroups, addresses, host wildcards) count
// as matches.

/** A rule that lets users run commands as root. */
export interface RootRule {
  /**
   * In the notation of sudoers: `alice`, `%wheel`, `#1000`, `%#27`, `ALL`. A `!` excludes an entry. Aliases
   * are resolved.
   */
  users: string[];
  /** The grant as written in sudoers, e.g. `ALL` or `NOPASSWD: /usr/bin/apt`. */
  grant: string;
}

type Aliases = Map<string, string[]>;
const ALIAS_KINDS = ["User_Alias", "Host_Alias", "Runas_Alias", "Cmnd_Alias"] as const;
type AliasKind = (typeof ALIAS_KINDS)[number];
const MAX_ALIAS_DEPTH = 16;
const TAG = /^(?:NO)?(?:EXEC|FOLLOW|INTERCEPT|LOG_INPUT|LOG_OUTPUT|MAIL|PASSWD|SETENV):\s*/;
const OPTION =
  /^(?:ROLE|TYPE|PRIVS|LIMITPRIVS|NOTBEFORE|NOTAFTER|TIMEOUT|CWD|CHROOT|APPARMOR_PROFILE)=\S+\s*/;

/** Returns the rules that grant root on the host with that name. Skips invalid lines. */
export function parseSudoRules(lines: readonly string[], hostname: string): RootRule[] {
  const aliases = parseAliases(lines);
  return lines.flatMap((line) => {
    if (/^Defaults\b/.test(line) || ALIAS_KINDS.some((kind) => line.startsWith(kind))) return [];
    const [userPart, rest] = splitUsers(line);
    if (rest === undefined) return [];
    const users = resolve(splitList(userPart), aliases.User_Alias);
    return splitSpecs(rest).flatMap((spec) => {
      const equals = indexOutsideQuotes(spec, "=");
      const hosts = resolve(splitList(spec.slice(0, equals)), aliases.Host_Alias);
      const grant =
        equals > 0 && matchesHost(hosts, hostname) ? rootGrant(spec.slice(equals + 1), aliases) : undefined;
      return grant === undefined ? [] : { users, grant };
    });
  });
}

function parseAliases(lines: readonly string[]): Record<AliasKind, Aliases> {
  const aliases: Record<AliasKind, Aliases> = {
    User_Alias: new Map(),
    Host_Alias: new Map(),
    Runas_Alias: new Map(),
    Cmnd_Alias: new Map(),
  };
  for (const line of lines) {
    const kind = ALIAS_KINDS.find((each) => line.startsWith(each));
    if (kind === undefined) continue;
    for (const definition of splitSpecs(line.slice(kind.length))) {
      const [name = "", ...members] = definition.split("=");
      aliases[kind].set(name.trim(), splitList(members.join("=")));
    }
  }
  return aliases;
}

/** Replaces aliases with their members; `!` before an alias negates each member. */
function resolve(names: readonly string[], aliases: Aliases, depth = 0): string[] {
  return names.flatMap((name) => {
    const isNegated = name.startsWith("!");
    const bare = name.replace(/^!+\s*/, "");
    const members = depth < MAX_ALIAS_DEPTH ? aliases.get(bare) : undefined;
    if (members === undefined) return [name];
    const resolved = resolve(members, aliases, depth + 1);
    return isNegated
      ? resolved.map((member) => (member.startsWith("!") ? member.slice(1) : `!${member}`))
      : resolved;
  });
}

/**
 * Splits `alice, %wheel HOST = …` into the list of users and the rest. A space ends the list unless it is
 * next to a comma.
 */
function splitUsers(line: string): [string, string | undefined] {
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const mark = line[at];
    if (mark === "\\") at += 1;
    else if (mark === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (mark === " " || mark === "\t")) {
      const before = line.slice(0, at).trimEnd();
      const after = line.slice(at).trimStart();
      if (!before.endsWith(",") && !before.endsWith("!") && !after.startsWith(",")) return [before, after];
      at = line.length - after.length - 1;
    }
  }
  return [line, undefined];
}

/** Splits `A = … : B = …` at the colons. Tags end in a colon too, so it must precede another `… =`. */
function splitSpecs(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const colon of text.matchAll(/:(?=\s*[^\s,:=()]+(?:\s*,\s*[^\s,:=()]+)*\s*=)/g)) {
    const before = text.slice(start, colon.index);
    const isInRunas = before.lastIndexOf("(") > before.lastIndexOf(")");
    const isTag = /(?:EXEC|FOLLOW|INTERCEPT|LOG_INPUT|LOG_OUTPUT|MAIL|PASSWD|SETENV)$/.test(before);
    if (isInRunas || isTag || before.endsWith("\\")) continue;
    parts.push(before.trim());
    start = colon.index + 1;
  }
  parts.push(text.slice(start).trim());
  return parts;
}

function splitList(text: string): string[] {
  return text.split(/(?<!\\),/).flatMap(
    (part) =>
      part
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .replaceAll("\\", "") || [],
  );
}

function indexOutsideQuotes(text: string, mark: string): number {
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text[at] === mark) return at;
  }
  return -1;
}

/** The last matching entry applies. */
function matchesHost(hosts: readonly string[], hostname: string): boolean {
  const short = hostname.split(".", 1)[0]?.toLowerCase();
  let isMatch = false;
  for (const host of hosts) {
    const bare = host.replace(/^!+\s*/, "").toLowerCase();
    const isUnknowable = /^\+|[*?[\]/]|^\d+\.\d|:/.test(bare);
    if (bare === "all" || bare === short || bare === hostname.toLowerCase() || isUnknowable)
      isMatch = !host.startsWith("!");
  }
  return isMatch;
}

/** The commands that may run as root, with tags; undefined if the grant is only for other accounts. */
function rootGrant(text: string, aliases: Record<AliasKind, Aliases>): string | undefined {
  const granted: string[] = [];
  let isForRoot = true;
  let tags = "";
  // Run-as and tags also apply to the following commands.
  for (let rest of text.split(/(?<!\\),(?![^(]*\))/)) {
    rest = rest.trim();
    const runas = /^\(([^)]*)\)\s*/.exec(rest);
    if (runas) {
      isForRoot = isRootRunas(runas[1] ?? "", aliases.Runas_Alias);
      rest = rest.slice(runas[0].length);
    }
    for (let match = prefix(rest); match; match = prefix(rest)) {
      if (match.endsWith(":")) tags = withTag(tags, match);
      rest = rest.slice(match.length).trimStart();
    }
    if (rest === "" || !isForRoot) continue;
    const commands = resolve([rest], aliases.Cmnd_Alias).join(", ");
    granted.push(tags ? `${tags} ${commands}` : commands);
  }
  return granted.some((command) => !/^!|: !/.test(command)) ? granted.join(", ") : undefined;
}

function prefix(text: string): string | undefined {
  return TAG.exec(text)?.[0].trimEnd() ?? OPTION.exec(text)?.[0].trimEnd();
}

/** A later tag replaces its opposite. PASSWD is the default, so it is omitted. */
function withTag(tags: string, tag: string): string {
  const bare = tag.replace(/^NO/, "");
  const others = tags.split(" ").filter((each) => each !== "" && each.replace(/^NO/, "") !== bare);
  return tag === "PASSWD:" ? others.join(" ") : [...others, tag].join(" ");
}

function isRootRunas(text: string, aliases: Aliases): boolean {
  const users = resolve(splitList(text.split(":", 1)[0] ?? ""), aliases);
  let isRoot = false;
  for (const user of users) {
    if (["ALL", "root", "#0", "%root", "%#0"].includes(user.replace(/^!+/, "")))
      isRoot = !user.startsWith("!");
  }
  return isRoot;
}
