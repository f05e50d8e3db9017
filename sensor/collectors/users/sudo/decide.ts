// What the rules that name an account let it do. For each account that it may act as, the last matching
// element decides about a command, as in sudo and doas.
import { type AccountId, parseSudoId } from "./accounts.ts";
import { type Command, createCoverage, describeCommand, mayContain, mayOverlap } from "./commands.ts";
import type { BoundDefaults, CompiledPolicy, Entry, Rule } from "./compile-policy.ts";
import { applyDefaults, INITIAL_SETTINGS, type Password, passwordOf, type Settings } from "./defaults.ts";
import { verdictOf } from "./verdicts.ts";

export interface Right {
  /** The index of the group that has it. */
  group: number | undefined;
  /** `ALL`, names, and names with `!` that are excluded. `OWN_ACCOUNT` is the account itself. */
  runAs: string[];
  runAsGroups: readonly string[] | undefined;
  password: Password;
  /** `ALL`, paths, and with `!` those that are denied. */
  commands: string[];
}

/** A rule that applies to an account, and the group because of which it does. */
export interface Applied {
  rule: Rule;
  group: number | undefined;
}

export const OWN_ACCOUNT = "\0own";

/** As which account: one by its index, all that no rule names, or its own. */
type Target = AccountId | "others" | "own" | { groups: string };

const MAX_TARGETS = 100;
/** The same when the work is used up. */
const FEW_TARGETS = 3;
/** Commands that are decided for one target when the work is used up. */
const FEW_DECIDED = 20;
/** Denied commands are compared with so many allowed ones. */
const MAX_COMPARED = 100;
/** Defaults that are bound to commands. */
const MAX_PER_COMMAND = 100;
/** Commands of Defaults that need another password than `ALL`. */
const MAX_SINGLED_OUT = 100;

interface Decided {
  command: Command;
  password: Password;
  entry: Entry;
  group: number | undefined;
}

/**
 * `applied`: the last rule first. `defaults`: those that apply to the account. `isInGroup`: whether it is in
 * a group that the Defaults name. `work` limits the commands that are looked at.
 */
export function decideRights(
  policy: CompiledPolicy,
  applied: readonly Applied[],
  defaults: readonly BoundDefaults[],
  isInGroup: (group: string) => boolean,
  work: { left: number; isCut: boolean },
): Right[] {
  const general = defaults.filter(({ scope }) => scope !== ">" && scope !== "!");
  const perTarget = defaults.some(({ scope }) => scope === ">");
  const perCommand = limited(
    defaults.filter(({ scope }) => scope === "!").reverse(),
    MAX_PER_COMMAND,
    work,
  ).toReversed();
  const generalSettings = applyDefaults(INITIAL_SETTINGS, general);
  const defaultAccount = policy.defaultAccountOf(generalSettings);
  const singledOut = limited(
    perCommand.flatMap(({ commands }) => commands).filter(({ isBroad, hasDigest }) => !isBroad && !hasDigest),
    MAX_SINGLED_OUT,
    work,
  );

  function settingsFor(target: Target): Settings {
    if (!perTarget) return generalSettings;
    return applyDefaults(
      INITIAL_SETTINGS,
      defaults.filter(
        ({ scope, accounts }) =>
          scope !== "!" && (scope !== ">" || (accounts !== undefined && isAmong(accounts, target))),
      ),
    );
  }

  function passwordFor(settings: Settings, command: Command, noPassword: boolean | undefined): Password {
    if (perCommand.length === 0 && settings.exempt_group === false)
      return passwordOf(settings, noPassword, false);
    const bound = perCommand.filter(({ commands }) => isCommandAmong(commands, command));
    const own = bound.length === 0 ? settings : applyDefaults(settings, bound);
    return passwordOf(own, noPassword, own.exempt_group !== false && isInGroup(own.exempt_group));
  }

  /** The last command first. */
  function decide(target: Target): Decided[] {
    const decided: Decided[] = [];
    const later = createCoverage(() => {
      work.isCut = true;
    });
    const settings = settingsFor(target);
    for (const { rule, group } of applied) {
      for (const entry of rule.entries) {
        work.left -= 1 + entry.commands.length;
        if (work.left < 0 && decided.length >= FEW_DECIDED) {
          work.isCut = true;
          return decided;
        }
        if (!isFor(entry, target, defaultAccount)) continue;
        for (const command of entry.commands) {
          const password = passwordFor(settings, command, entry.noPassword);
          for (const single of command.isAllowed && command.isBroad ? singledOut : []) {
            const allowed = { ...single, isAllowed: true };
            const ownPassword = passwordFor(settings, allowed, entry.noPassword);
            const differs = ownPassword !== password && mayContain(command.path, single.path as string);
            if (differs && later.add(allowed))
              decided.push({ command: allowed, password: ownPassword, entry, group });
          }
          if (later.add(command)) decided.push({ command, password, entry, group });
          if (later.isComplete()) return decided;
        }
      }
    }
    return decided;
  }

  const rights = new Map<string, { right: Right; targets: Target[] }>();
  const max = work.left > 0 ? MAX_TARGETS : FEW_TARGETS;
  const targets = findTargets(policy, applied, defaults, defaultAccount, max, work);
  for (const target of targets) {
    for (const right of rightsOf(decide(target), work)) {
      const key = JSON.stringify([right.group, right.password, right.runAsGroups, right.commands]);
      const known = rights.get(key);
      if (known) known.targets.push(target);
      else rights.set(key, { right, targets: [target] });
    }
  }
  return [...rights.values()].map(({ right, targets: own }) => ({
    ...right,
    runAs: describeTargets(policy, own, targets),
  }));
}

function findTargets(
  policy: CompiledPolicy,
  applied: readonly Applied[],
  defaults: readonly BoundDefaults[],
  defaultAccount: AccountId,
  max: number,
  work: { isCut: boolean },
): Target[] {
  const ids = new Set<AccountId>([policy.rootId]);
  const add = (accounts: Iterable<AccountId>) => {
    for (const id of accounts) {
      if (ids.size < max || ids.has(id)) ids.add(id);
      else work.isCut = true;
    }
  };
  for (const { scope, accounts } of defaults) if (scope === ">" && accounts) add(accounts.accounts.keys());
  const groups = new Set<string>();
  let [hasOthers, hasOwn] = [false, false];
  for (const { rule } of applied) {
    for (const { runAs, runAsGroups, isForGroupOnly } of rule.entries) {
      if (isForGroupOnly) groups.add(String(runAsGroups));
      else if (runAs === undefined) ids.add(defaultAccount);
      else {
        if (runAs.others?.isIn) hasOthers = true;
        else if (runAs.self?.isIn) hasOwn = true;
        add(runAs.accounts.keys());
      }
    }
  }
  return [
    ...ids,
    ...(hasOthers ? (["others"] as const) : []),
    ...(hasOwn ? (["own"] as const) : []),
    ...limited([...groups], MAX_TARGETS, work).map((each) => ({ groups: each })),
  ];
}

function limited<T>(all: readonly T[], max: number, work: { isCut: boolean }): readonly T[] {
  if (all.length > max) work.isCut = true;
  return all.slice(0, max);
}

function isFor(
  { runAs, runAsGroups, isForGroupOnly }: Entry,
  target: Target,
  defaultAccount: AccountId,
): boolean {
  if (isForGroupOnly || typeof target === "object")
    return isForGroupOnly && typeof target === "object" && target.groups === String(runAsGroups);
  return runAs === undefined ? target === defaultAccount : isAmong(runAs, target);
}

function isAmong(accounts: NonNullable<Entry["runAs"]>, target: Target): boolean {
  if (typeof target === "object") return false;
  if (target === "others") return accounts.others?.isIn === true;
  if (target === "own") return accounts.self?.isIn === true;
  return verdictOf(accounts, target)?.isIn === true;
}

/** Whether Defaults that are bound to commands are about this one. The first element of the list
 * that matches decides, which is the last in the file. */
function isCommandAmong(list: readonly Command[], command: Command): boolean {
  const last = list.find(
    ({ path, args, isBroad }) =>
      path === undefined ||
      (command.path !== undefined &&
        (path === command.path
          ? args === undefined || args === command.args
          : isBroad && mayContain(path, command.path))),
  );
  return last?.isAllowed === true;
}

/** Groups the commands by what else they have in common, with each denied one where it matters. */
function rightsOf(decided: readonly Decided[], work: { isCut: boolean }): Right[] {
  const rights = new Map<string, { right: Right; allowed: Command[]; isPartial: boolean }>();
  for (const { command, password, entry, group } of decided.toReversed()) {
    if (!command.isAllowed) {
      for (const { right, allowed, isPartial } of rights.values())
        if (allowed.some((each) => mayOverlap(each, command))) right.commands.push(describeCommand(command));
        else if (isPartial) work.isCut = true;
      continue;
    }
    const key = `${group} ${password} ${entry.runAsGroups}`;
    const known = rights.get(key) ?? {
      right: { group, runAs: [], runAsGroups: entry.runAsGroups, password, commands: [] },
      allowed: [],
      isPartial: false,
    };
    rights.set(key, known);
    known.right.commands.push(describeCommand(command));
    if (known.allowed.length < MAX_COMPARED || command.isBroad) known.allowed.push(command);
    else known.isPartial = true;
  }
  return [...rights.values()].map(({ right }) => ({ ...right, commands: [...new Set(right.commands)] }));
}

function describeTargets(policy: CompiledPolicy, own: readonly Target[], all: readonly Target[]): string[] {
  const nameOf = (target: Target) => (typeof target === "number" ? policy.nameOf(target) : OWN_ACCOUNT);
  const [included, isAll] = [new Set(own), own.includes("others")];
  const names = isAll
    ? all
        .filter((target) => typeof target === "number" && !included.has(target))
        .map((each) => `!${nameOf(each)}`)
    : own.map(nameOf);
  return [...new Set(isAll ? ["ALL", ...names] : names)];
}

/** Whether a right is for root or another account with its id. */
export function isForRoot(policy: CompiledPolicy, { runAs }: Right): boolean {
  const isRoot = (name: string) =>
    name === policy.nameOf(policy.rootId) ||
    parseSudoId(name) === 0 ||
    policy.accounts.findByName(name, false).some((id) => policy.accounts.findUser(id)?.uid === 0);
  return runAs.includes("ALL") ? !runAs.includes(`!${policy.nameOf(policy.rootId)}`) : runAs.some(isRoot);
}
