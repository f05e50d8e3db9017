// Lists of commands in sudoers, with aliases resolved. The last element that matches a command decides, so
// that an element is dropped if a later one matches everything that it matches.
import { posix } from "node:path";
import type { HostFiles } from "../../host-files.ts";
import { isGlob, matchesGlob } from "./glob.ts";
import type { Member } from "./syntax.ts";

export interface Command {
  isAllowed: boolean;
  /** Undefined: all commands. */
  path: string | undefined;
  /** Undefined: any arguments. */
  args: string | undefined;
  hasDigest: boolean;
  /** More than one program: all, a folder, or a pattern. */
  isBroad: boolean;
  /** Equal for commands that match the same. */
  key: string;
}

export type CommandReader = (member: Member) => readonly Command[];

const MAX_DEPTH = 500;
/** Commands of one alias. */
const MAX_COMMANDS = 1_000;
/** Commands looked at for all aliases together. */
const MAX_STEPS = 2_000_000;
/** Patterns that each earlier command is compared with. */
const MAX_PATTERNS = 50;

/** Returns the commands of an element, the last one first. Each alias is resolved once. */
export function createCommandReader(
  aliases: ReadonlyMap<string, readonly Member[]>,
  noteGap: HostFiles["noteGap"],
): CommandReader {
  const ofAlias = new Map<string, readonly Command[]>();
  const inUse = new Set<string>();
  let steps = 0;
  let isNoted = false;

  function noteLimit(): void {
    if (!isNoted) noteGap({ kind: "limit", subject: "sudoers", reason: "too many commands in aliases" });
    isNoted = true;
  }

  function read(member: Member): readonly Command[] {
    if (member.kind !== "alias") return [commandOf(member)];
    const commands = readAlias(member.name);
    return member.isNegated
      ? commands.map((command) => ({ ...command, isAllowed: !command.isAllowed }))
      : commands;
  }

  function readAlias(name: string): readonly Command[] {
    const known = ofAlias.get(name);
    if (known) return known;
    const members = aliases.get(name);
    if (members === undefined || inUse.has(name)) return [];
    if (inUse.size >= MAX_DEPTH) {
      noteLimit();
      return [];
    }
    inUse.add(name);
    const reversed: Command[] = [];
    const later = createCoverage(noteLimit);
    for (let at = members.length - 1; at >= 0 && !later.isComplete(); at -= 1) {
      const commands = read(members[at] as Member);
      steps += commands.length;
      if (reversed.length >= MAX_COMMANDS || steps > MAX_STEPS) {
        noteLimit();
        break;
      }
      for (const command of commands) if (later.add(command)) reversed.push(command);
    }
    inUse.delete(name);
    ofAlias.set(name, reversed);
    return reversed;
  }

  return read;
}

function commandOf({ kind, name, args, isNegated, hasDigest: digest }: Member): Command {
  const path = kind === "all" ? undefined : name;
  const hasDigest = digest === true;
  return {
    isAllowed: !isNegated,
    path,
    args,
    hasDigest,
    isBroad: path === undefined || path.endsWith("/") || path.startsWith("^") || isGlob(path),
    key: args === undefined && !hasDigest ? (path ?? "") : `${path ?? ""}\0${args ?? "\0"}\0${hasDigest}`,
  };
}

/** The commands that later elements have decided. */
export interface Coverage {
  /** False if the command is decided already. */
  add(command: Command): boolean;
  /** All commands are decided. */
  isComplete(): boolean;
}

/** `onLimit`: a command may be decided already, by one of too many patterns. */
export function createCoverage(onLimit: () => void): Coverage {
  const exact = new Set<string>();
  const patterns: string[] = [];
  let isComplete = false;
  let hasFolders = false;
  /** Some patterns are not remembered. */
  let isPartial = false;

  function isDecided({ path, isBroad, key }: Command): boolean {
    if (isComplete) return true;
    if (exact.has(key) || exact.has(path ?? "")) return true;
    if (path === undefined || isBroad) return false;
    return (
      (hasFolders && exact.has(`${posix.dirname(path)}/`)) ||
      patterns.some((pattern) => matchesGlob(pattern, path, true))
    );
  }

  return {
    add(command) {
      if (isDecided(command)) return false;
      const { path, key } = command;
      if (isPartial && path !== undefined && !command.isBroad) onLimit();
      exact.add(key);
      // Arguments and digests match only some uses of a command.
      if (!command.isBroad || key !== (path ?? "")) return true;
      if (path === undefined) isComplete = true;
      else if (isGlob(path) && !path.startsWith("^")) {
        if (patterns.length < MAX_PATTERNS) patterns.push(path);
        else isPartial = true;
      } else hasFolders = true;
      return true;
    },
    isComplete: () => isComplete,
  };
}

/** Whether both may match the same command. In case of doubt, they may. */
export function mayOverlap(left: Command, right: Command): boolean {
  if (left.isBroad && right.isBroad) return true;
  if (left.isBroad) return mayContain(left.path, right.path as string);
  if (right.isBroad) return mayContain(right.path, left.path as string);
  return left.path === right.path;
}

/** Whether a folder or pattern may contain the program at a path. */
export function mayContain(broad: string | undefined, path: string): boolean {
  if (broad === undefined) return true;
  if (broad.startsWith("^")) return true;
  if (broad.endsWith("/") && !isGlob(broad)) return `${posix.dirname(path)}/` === broad;
  return matchesGlob(broad.endsWith("/") ? `${broad}*` : broad, path, true);
}

/** For the report. Arguments may contain passwords, so that only their presence is reported. */
export function describeCommand({ isAllowed, path, args, hasDigest }: Command): string {
  const condition =
    args === undefined ? "" : args === '""' ? " (without arguments)" : " (with certain arguments)";
  return `${isAllowed ? "" : "!"}${path ?? "ALL"}${condition}${hasDigest ? " (with a certain digest)" : ""}`;
}
