// What accounts and groups may do as root or another account: by their id, by a group that controls the host,
// and by the rules of sudo and doas.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { readDoas } from "./doas/read-doas.ts";
import type { AccountId, Accounts } from "./sudo/accounts.ts";
import type { CompiledPolicy } from "./sudo/compile-policy.ts";
import { isForRoot, OWN_ACCOUNT, type Right } from "./sudo/decide.ts";
import { type PolicyResult, readSudo } from "./sudo/read-sudo.ts";
import { computeRights, type Rights } from "./sudo/rights.ts";

type User = Extract<Item<"users">, { kind: "user" }>;
type Privilege = User["privileges"][number];
export type RootAccess = User["rootAccess"];

export interface Privileges {
  ofUser(id: AccountId): { rootAccess: RootAccess; privileges: Privilege[] };
  ofGroup(group: number): Privilege[];
}

/**
 * Groups that grant root without sudo: their members control a daemon that runs as root, or can read and
 * write the disks.
 */
const ROOT_EQUIVALENT_GROUPS = ["docker", "lxd", "incus-admin", "disk", "libvirt"];
const MAX_PRIVILEGES = 50;
const MAX_NAMES = 50;
const MAX_COMMANDS = 100;
/** Of all privileges of one account. */
const MAX_COMMANDS_IN_TOTAL = 200;
/** Characters of all privileges together. Afterwards, few are listed for each account. */
const MAX_TEXT = 4_000_000;
const FEW_PRIVILEGES = 5;
const FEW_COMMANDS = 10;
/** Characters of a privilege besides its lists. */
const OTHER_TEXT = 80;

interface Source {
  source: "sudo" | "doas";
  policy: CompiledPolicy;
  rights: Rights;
}

export function readPrivileges(files: HostFiles, accounts: Accounts): Privileges {
  const results = {
    sudo: readSudo(files, accounts),
    doas: readDoas(files, accounts),
  } as const satisfies Record<Source["source"], PolicyResult>;
  const isUnknown = Object.values(results).some(({ isComplete }) => !isComplete);
  const sources = (["sudo", "doas"] as const).flatMap((source): Source[] => {
    const { policy } = results[source];
    return policy ? [{ source, policy, rights: computeRights(policy, files.noteGap) }] : [];
  });
  let textLeft = MAX_TEXT;
  let isLimited = false;

  function describe(source: Source["source"], right: Right, ownName: string, isRoot: boolean): Privilege {
    const { group, runAs, runAsGroups, commands, password } = right;
    return {
      source,
      group: group === undefined ? undefined : nameOf(group),
      runAs: names(runAs.map((name) => name.replace(OWN_ACCOUNT, ownName))),
      runAsGroups: runAsGroups && names(runAsGroups),
      commands,
      password: isRoot || (runAs.length === 1 && runAs[0] === OWN_ACCOUNT) ? "none" : password,
    };
  }

  /** Cuts what would be too much for a report. */
  function limit(privileges: readonly Privilege[]): Privilege[] {
    const isSpent = textLeft < 0;
    const listed = privileges.slice(0, isSpent ? FEW_PRIVILEGES : MAX_PRIVILEGES);
    if (listed.length < privileges.length) noteLimit();
    let left = isSpent ? FEW_COMMANDS : MAX_COMMANDS_IN_TOTAL;
    return listed.map((privilege) => {
      const commands = privilege.commands
        .slice(0, Math.min(MAX_COMMANDS, left))
        .map((command) => factText(command, 300));
      left -= commands.length;
      const texts = [...commands, ...privilege.runAs, ...(privilege.runAsGroups ?? [])];
      textLeft -= texts.reduce((sum, text) => sum + text.length, OTHER_TEXT);
      const rest = privilege.commands.length - commands.length;
      return { ...privilege, commands, ...(rest > 0 && { moreCommands: rest }) };
    });
  }

  function noteLimit(): void {
    if (!isLimited)
      files.noteGap({ kind: "limit", subject: "privileges", reason: "too many to list all of them" });
    isLimited = true;
  }

  function names(all: readonly string[]): string[] {
    return firstOf(files, "privileges", all, MAX_NAMES).map((name) => factText(name, 250));
  }

  function nameOf(group: number): string {
    return factText(accounts.findGroup(group)?.name ?? "", 250);
  }

  const equivalentGroups = new Set(
    ROOT_EQUIVALENT_GROUPS.flatMap((name) => accounts.findGroups(name, false)),
  );

  function equivalentToRoot(group: number, isMember: boolean): Privilege[] {
    if (!equivalentGroups.has(group)) return [];
    return [{ source: "group", ...ROOT, ...(isMember && { group: nameOf(group) }) }];
  }

  return {
    ofUser(id) {
      const { name = "", uid } = accounts.findUser(id) ?? {};
      const isRoot = uid === 0;
      const own: Privilege[] = [
        ...(isRoot ? [{ source: "uid" as const, ...ROOT }] : []),
        ...accounts.groupsOf(id).flatMap((group) => equivalentToRoot(group, true)),
      ];
      const rights = sources.flatMap(({ source, policy, rights: all }) =>
        all.ofUser(id).map((right) => ({ source, right, isForRoot: isForRoot(policy, right) })),
      );
      const asRoot = rights.filter((each) => each.isForRoot);
      const isFull = own.length > 0 || asRoot.some(({ right }) => right.commands.includes("ALL"));
      const rootAccess = isFull
        ? "full"
        : isUnknown
          ? "unknown"
          : asRoot.length > 0
            ? "some-commands"
            : "none";
      return {
        rootAccess,
        privileges: limit([
          ...own,
          ...rights.map(({ source, right }) => describe(source, right, name, isRoot)),
        ]),
      };
    },
    ofGroup: (group) =>
      limit([
        ...equivalentToRoot(group, false),
        ...sources.flatMap(({ source, rights }) =>
          rights.ofGroup(group).map((right) => ({
            ...describe(source, right, "OWN ACCOUNT", false),
            group: undefined,
          })),
        ),
      ]),
  };
}

const ROOT = { runAs: ["root"], commands: ["ALL"], password: "none" } as const satisfies Partial<Privilege>;
