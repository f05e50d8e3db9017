// What a sudoers policy consists of, as written: aliases are not resolved, and nothing is matched yet.
import type { DefaultsScope } from "./tokens.ts";

export type MemberKind = "all" | "alias" | "word" | "netgroup" | "usergroup" | "network" | "command" | "self";

/** An element of a list of users, hosts, run-as accounts or commands. */
export interface Member {
  kind: MemberKind;
  /** The name; of a command, its path. Empty for `all` and `self`. */
  name: string;
  isNegated: boolean;
  /** Of a command; undefined: any arguments. `""` in quotes: none. */
  args?: string | undefined;
  /** The command counts only if its file has one of the given digests. */
  hasDigest?: true;
}

export type AliasType = "User" | "Host" | "Runas" | "Cmnd";

export interface CommandSpec {
  /** Undefined: not given, so that the default applies. */
  runAsUsers: Member[] | undefined;
  runAsGroups: Member[] | undefined;
  /** NOPASSWD or PASSWD; undefined: as the Defaults say. */
  noPassword: boolean | undefined;
  /** In milliseconds; outside, the command does not match. */
  notBefore: number | undefined;
  notAfter: number | undefined;
  command: Member;
}

export interface UserSpec {
  users: Member[];
  privileges: { hosts: Member[]; commands: CommandSpec[] }[];
}

export interface DefaultsEntry {
  scope: DefaultsScope;
  /** What it is bound to; empty without a scope. */
  members: Member[];
  name: string;
  /** `+=` and `-=` change a list. A value of `true` or `false` is a flag, or removes a value. */
  value: string | boolean;
}

export interface SudoersPolicy {
  userSpecs: UserSpec[];
  defaults: DefaultsEntry[];
  /** By name. */
  aliases: Record<AliasType, Map<string, Member[]>>;
  /** The parser stopped in the middle of a line at the end of all files: sudo uses nothing then. */
  isCutShort: boolean;
  rejectedLines: number;
}
