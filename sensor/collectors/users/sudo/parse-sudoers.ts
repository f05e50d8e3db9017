// The grammar of sudoers(5). A line that sudo rejects is skipped to its end, as sudo does. What such a line
// has defined before its error stays defined, again as in sudo.
import type { HostFiles } from "../../host-files.ts";
import { createLexer } from "./lexer.ts";
import { isDuration, parseDate } from "./option-values.ts";
import type { SudoFeatures } from "./sudo-version.ts";
import type { SudoersFiles } from "./sudoers-files.ts";
import type { AliasType, CommandSpec, DefaultsEntry, Member, SudoersPolicy, UserSpec } from "./syntax.ts";
import type { DefaultsScope, TextToken, Token } from "./tokens.ts";

/** Thrown where the current line is invalid. Not an Error: a file may have many, and stacks take time. */
class Rejected {
  constructor(readonly reason: string) {}
}
/** Thrown where all files end within a line. */
class CutShort {}

const MAX_PATH = 4096;
/** How many rejected lines are reported one by one. */
const MAX_REPORTED = 10;
const PATH_SETTINGS = new Set(["CWD", "CHROOT"]);
const DATE_SETTINGS = new Set(["NOTBEFORE", "NOTAFTER"]);

type Options = Pick<CommandSpec, "notBefore" | "notAfter">;

export function parseSudoers(
  files: SudoersFiles,
  features: SudoFeatures,
  noteGap: HostFiles["noteGap"],
): SudoersPolicy {
  const next = createLexer(files, features);
  const policy: SudoersPolicy = {
    userSpecs: [],
    defaults: [],
    aliases: { User: new Map(), Host: new Map(), Runas: new Map(), Cmnd: new Map() },
    isCutShort: false,
    rejectedLines: 0,
  };
  /** Read only when it is needed: an include changes the text after its line. */
  let ahead: Token | undefined;
  let lineStart = "";

  function peek(): Token {
    ahead ??= next();
    return ahead;
  }

  function take(): Token {
    const token = peek();
    ahead = undefined;
    return token;
  }

  function takeIf(kind: Token["kind"]): boolean {
    if (peek().kind !== kind) return false;
    ahead = undefined;
    return true;
  }

  function expect(kind: Token["kind"]): void {
    if (!takeIf(kind)) throw unexpected();
  }

  function expectText(kind: TextToken["kind"]): string {
    const token = peek();
    if (token.kind !== kind) throw unexpected();
    take();
    return (token as TextToken).text;
  }

  function unexpected(): Rejected {
    const token = peek();
    return new Rejected(token.kind === "invalid" ? token.reason : "syntax error");
  }

  function parseAll(): void {
    while (peek().kind !== "end") {
      lineStart = `${files.path}:${files.line}`;
      try {
        parseLine();
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        reject(error.reason);
        skipLine();
      }
    }
  }

  function reject(reason: string): void {
    policy.rejectedLines += 1;
    if (policy.rejectedLines <= MAX_REPORTED)
      noteGap({
        kind: "not-understood",
        subject: lineStart,
        reason: `sudo rejects this line: ${reason}`,
      });
  }

  function skipLine(): void {
    for (let token = take(); token.kind !== "newline"; token = take()) {
      if (token.kind === "end") throw new CutShort();
    }
  }

  function parseLine(): void {
    const token = peek();
    switch (token.kind) {
      case "newline":
        take();
        return;
      case "include":
      case "includedir":
        take();
        parseInclude(token.kind === "includedir");
        return;
      case "alias-type":
        take();
        do parseAlias(token.name);
        while (takeIf(":"));
        expect("newline");
        return;
      case "defaults":
        take();
        policy.defaults.push(...parseDefaults(token.scope));
        return;
      default:
        policy.userSpecs.push(parseUserSpec());
    }
  }

  function parseInclude(isFolder: boolean): void {
    const text = expectText("word");
    if (!takeIf("newline")) {
      // sudo complains, but includes what it has read.
      reject(unexpected().reason);
      skipLine();
    }
    const isIncluded = text !== "" && (isFolder ? files.includeFolder(text) : files.include(text));
    if (isIncluded) return;
    policy.rejectedLines += 1;
    if (!features.skipsMissingInclude && !files.isIncomplete)
      throw new Rejected("the file above cannot be included");
  }

  function parseAlias(type: AliasType): void {
    const name = expectText("alias");
    expect("=");
    const members =
      type === "Cmnd" ? parseList(parseCommand) : parseList(type === "Host" ? parseHost : parseUser);
    if (policy.aliases[type].has(name)) throw new Rejected("an alias is defined twice");
    policy.aliases[type].set(name, members);
  }

  function parseDefaults(scope: DefaultsScope): DefaultsEntry[] {
    const parseMember = scope === "@" ? parseHost : scope === "!" ? parseCommand : parseUser;
    const members = scope === "" ? [] : parseList(parseMember);
    const entries: DefaultsEntry[] = [];
    do {
      const isNegated = takeIf("!");
      const name = expectText("option");
      const hasValue = !isNegated && (takeIf("=") || takeIf("+=") || takeIf("-="));
      entries.push({ scope, members, name, value: hasValue ? expectText("word") : !isNegated });
    } while (takeIf(","));
    expect("newline");
    return entries;
  }

  function parseUserSpec(): UserSpec {
    const users = parseList(parseUser);
    const privileges = [parsePrivilege()];
    while (takeIf(":")) {
      try {
        privileges.push(parsePrivilege());
      } catch (error) {
        // sudo keeps what precedes the colon if it can go on behind the error.
        if (!(error instanceof Rejected)) throw error;
        const next = peek().kind;
        if (next !== "newline" && next !== ":") throw error;
        reject(error.reason);
      }
    }
    expect("newline");
    return { users, privileges };
  }

  function parsePrivilege(): UserSpec["privileges"][number] {
    const hosts = parseList(parseHost);
    expect("=");
    const commands: CommandSpec[] = [];
    do commands.push(parseCommandSpec(commands.at(-1)));
    while (takeIf(","));
    return { hosts, commands };
  }

  /** What is not given is as in the previous command of the list. */
  function parseCommandSpec(previous: CommandSpec | undefined): CommandSpec {
    const runAs = takeIf("(") ? parseRunAs() : previous;
    const options: Options = { notBefore: previous?.notBefore, notAfter: previous?.notAfter };
    for (let token = peek(); token.kind === "setting"; token = peek()) parseSetting(options);
    let noPassword = previous?.noPassword;
    for (let token = peek(); token.kind === "tag"; token = peek()) {
      take();
      if (token.name === "NOPASSWD") noPassword = true;
      if (token.name === "PASSWD") noPassword = false;
    }
    const command = parseCommand();
    return {
      runAsUsers: runAs?.runAsUsers,
      runAsGroups: runAs?.runAsGroups,
      noPassword,
      ...options,
      command,
    };
  }

  function parseRunAs(): Pick<CommandSpec, "runAsUsers" | "runAsGroups"> {
    const self: Member[] = [{ kind: "self", name: "", isNegated: false }];
    if (takeIf(")")) return { runAsUsers: self, runAsGroups: undefined };
    if (takeIf(":")) {
      if (takeIf(")")) return { runAsUsers: self, runAsGroups: undefined };
      const runAsGroups = parseList(parseGroup);
      expect(")");
      return { runAsUsers: undefined, runAsGroups };
    }
    const runAsUsers = parseList(parseUser);
    const runAsGroups = takeIf(":") ? parseList(parseGroup) : undefined;
    expect(")");
    return { runAsUsers, runAsGroups };
  }

  function parseSetting(options: Options): void {
    const name = expectText("setting");
    expect("=");
    const text = expectText("word");
    if (PATH_SETTINGS.has(name) && !(/^[/~]/.test(text) || text === "*"))
      throw new Rejected(`values for ${name} must start with a '/', '~', or '*'`);
    if (PATH_SETTINGS.has(name) && text.length >= MAX_PATH) throw new Rejected(`${name} path too long`);
    if (name === "TIMEOUT" && !isDuration(text)) throw new Rejected("invalid timeout value");
    if (!DATE_SETTINGS.has(name)) return;
    const time = parseDate(text);
    if (time === undefined) throw new Rejected(`invalid ${name} value`);
    if (name === "NOTBEFORE") options.notBefore = time;
    else options.notAfter = time;
  }

  function parseList(parseMember: () => Member): Member[] {
    const members: Member[] = [];
    do members.push(parseMember());
    while (takeIf(","));
    return members;
  }

  function parseUser(): Member {
    return parseName(["word", "netgroup", "usergroup"]);
  }

  function parseHost(): Member {
    return parseName(["word", "netgroup", "network"]);
  }

  function parseGroup(): Member {
    return parseName(["word"]);
  }

  function parseName(kinds: ("word" | "netgroup" | "usergroup" | "network")[]): Member {
    const isNegated = takeIf("!");
    const token = peek();
    if (token.kind === "all") {
      take();
      return { kind: "all", name: "", isNegated };
    }
    const kind = (["alias", ...kinds] as const).find((each) => each === token.kind);
    if (kind === undefined) throw unexpected();
    return { kind, name: expectText(kind), isNegated };
  }

  function parseCommand(): Member {
    const hasDigest = peek().kind === "digest-type";
    if (hasDigest) {
      do parseDigest();
      while (takeIf(","));
    }
    const isNegated = takeIf("!");
    const token = peek();
    switch (token.kind) {
      case "all":
        take();
        return { kind: "all", name: "", isNegated, ...(hasDigest && { hasDigest }) };
      case "alias":
        take();
        if (hasDigest) throw new Rejected("a digest requires a path name");
        return { kind: "alias", name: token.text, isNegated };
      case "command":
        take();
        if (token.path.length >= MAX_PATH) throw new Rejected("command too long");
        return {
          kind: "command",
          name: token.path,
          args: token.args,
          isNegated,
          ...(hasDigest && { hasDigest }),
        };
      case "word":
        if (!features.listCommand) throw unexpected();
        take();
        if (token.text !== "list") throw new Rejected("expected a fully-qualified path name");
        return { kind: "command", name: "list", args: undefined, isNegated, ...(hasDigest && { hasDigest }) };
      default:
        throw unexpected();
    }
  }

  function parseDigest(): void {
    expect("digest-type");
    expect(":");
    expect("digest");
  }

  try {
    parseAll();
  } catch (error) {
    if (!(error instanceof CutShort)) throw error;
    policy.isCutShort = true;
  }
  if (policy.rejectedLines > MAX_REPORTED)
    noteGap({
      kind: "not-understood",
      subject: "sudoers",
      reason: `sudo rejects ${policy.rejectedLines} lines in total`,
    });
  return policy;
}
