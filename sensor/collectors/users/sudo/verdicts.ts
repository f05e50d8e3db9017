// Who is in a list of users or run-as accounts. In such a list, the last element that matches an account
// decides. Each alias is evaluated once.
import type { HostFiles } from "../../host-files.ts";
import { type AccountId, type Accounts, parseSudoId } from "./accounts.ts";
import type { Member } from "./syntax.ts";

export interface Verdict {
  isIn: boolean;
  /** The index of the group because of which it matches. */
  group?: number;
}

/** The result of a list for all accounts. */
export interface Verdicts {
  /** Of the accounts without a verdict in `accounts`; undefined: the list says nothing about them. */
  others: Verdict | undefined;
  accounts: ReadonlyMap<AccountId, Verdict>;
  /** Of an account that would be only in this group. */
  groups: ReadonlyMap<number, Verdict>;
  /** Of the account that calls sudo. */
  self: Verdict | undefined;
}

export interface VerdictOptions {
  aliases: ReadonlyMap<string, readonly Member[]>;
  foldUsers: boolean;
  foldGroups: boolean;
  /** Run-as lists may name accounts that this host does not have. Returns an id beyond those of accounts. */
  idOfUnknown?: (name: string) => AccountId;
  noteGap: HostFiles["noteGap"];
}

const IN: Verdict = { isIn: true };
const OUT: Verdict = { isIn: false };
const NOTHING: Verdicts = { others: undefined, accounts: new Map(), groups: new Map(), self: undefined };
/** Aliases within aliases. */
const MAX_DEPTH = 500;
/** Accounts in all lists together. */
const MAX_STEPS = 500_000;
/** How often aliases that contain themselves are evaluated again. */
const MAX_CYCLIC = 10_000;

export type ListReader = (list: readonly Member[]) => Verdicts;

export function createListReader(accounts: Accounts, options: VerdictOptions): ListReader {
  const { aliases, noteGap } = options;
  const ofAlias = new Map<string, Verdicts>();
  const ofNames = new Map<string, Verdicts>();
  const ofGroups = new Map<string, Verdicts>();
  const ofList = new Map<string, Verdicts>();
  const inUse = new Set<string>();
  const noted = new Set<string>();
  let steps = 0;
  let cyclic = 0;
  /** An alias was skipped because it is being evaluated: the result is only for its surroundings. */
  let metCycle = false;

  function noteOnce(kind: "limit" | "not-understood", reason: string): void {
    if (noted.has(reason)) return;
    noted.add(reason);
    noteGap({ kind, subject: "sudoers", reason });
  }

  function evaluate(list: readonly Member[]): Verdicts {
    const [only] = list;
    if (list.length === 1 && only && !only.isNegated) return ofMember(only);
    const key = list.map(({ kind, name, isNegated }) => `${kind}${isNegated}${name}`).join("\0");
    const verdicts = ofList.get(key) ?? combine(list);
    ofList.set(key, verdicts);
    return verdicts;
  }

  function combine(list: readonly Member[]): Verdicts {
    let others: Verdict | undefined;
    let self: Verdict | undefined;
    let byAccount = new Map<AccountId, Verdict>();
    let byGroup: Map<number, Verdict> | undefined;

    function add(verdicts: Verdicts, isNegated: boolean): void {
      steps += 1 + verdicts.accounts.size;
      const turn = (verdict: Verdict): Verdict => (isNegated ? negate(verdict) : verdict);
      if (verdicts.others !== undefined) {
        others = turn(verdicts.others);
        byAccount = new Map();
        byGroup = undefined;
        self = others;
      }
      for (const [id, verdict] of verdicts.accounts) byAccount.set(id, turn(verdict));
      for (const [group, verdict] of verdicts.groups) {
        byGroup ??= new Map();
        byGroup.set(group, turn(verdict));
      }
      if (verdicts.self !== undefined) self = turn(verdicts.self);
    }

    for (const member of list) {
      if (steps > MAX_STEPS) {
        noteOnce("limit", "the lists of users are too long to evaluate all of them");
        break;
      }
      add(ofMember(member), member.isNegated);
    }
    return { others, accounts: byAccount, groups: byGroup ?? NOTHING.groups, self };
  }

  function ofMember(member: Member): Verdicts {
    switch (member.kind) {
      case "all":
        return { ...NOTHING, others: IN, self: IN };
      case "self":
        return { ...NOTHING, self: IN };
      case "alias":
        return evaluateAlias(member.name) ?? ofName(member.name);
      case "usergroup":
        return ofGroup(member.name.slice(1));
      case "netgroup":
        noteOnce("not-understood", "netgroups in sudoers are not looked up");
        return NOTHING;
      default:
        return ofName(member.name);
    }
  }

  /** Undefined without such an alias, or within its own definition: then sudo takes it for a name. */
  function evaluateAlias(name: string): Verdicts | undefined {
    const known = ofAlias.get(name);
    if (known) return known;
    const members = aliases.get(name);
    if (members === undefined) return undefined;
    if (inUse.has(name)) {
      metCycle = true;
      return undefined;
    }
    if (inUse.size >= MAX_DEPTH || cyclic > MAX_CYCLIC) {
      noteOnce("limit", "too many aliases within aliases");
      return NOTHING;
    }
    const before = metCycle;
    metCycle = false;
    inUse.add(name);
    const verdicts = combine(members);
    inUse.delete(name);
    if (metCycle) {
      cyclic += 1;
      noteOnce("not-understood", "an alias contains itself");
    }
    // The outermost alias of a cycle has its full result.
    if (!metCycle || inUse.size === 0) ofAlias.set(name, verdicts);
    metCycle = inUse.size > 0 && (metCycle || before);
    return verdicts;
  }

  function ofName(name: string): Verdicts {
    const verdicts = ofNames.get(name) ?? lookUp(name);
    ofNames.set(name, verdicts);
    return verdicts;
  }

  function lookUp(name: string): Verdicts {
    const id = parseSudoId(name);
    const found = [
      ...(id === undefined ? [] : accounts.findByUid(id)),
      ...accounts.findByName(name, options.foldUsers),
    ];
    if (found.length === 0 && options.idOfUnknown) found.push(options.idOfUnknown(name));
    return found.length === 0 ? NOTHING : { ...NOTHING, accounts: new Map(found.map((each) => [each, IN])) };
  }

  function ofGroup(name: string): Verdicts {
    if (name.startsWith(":")) {
      noteOnce("not-understood", "groups of a plugin in sudoers are not looked up");
      return NOTHING;
    }
    const known = ofGroups.get(name);
    if (known) return known;
    const groups = accounts.findGroups(name, options.foldGroups);
    const byAccount = new Map<AccountId, Verdict>();
    const byGroup = new Map<number, Verdict>();
    for (const group of groups) {
      const verdict = { isIn: true, group };
      byGroup.set(group, verdict);
      for (const id of accounts.membersOf(group)) byAccount.set(id, verdict);
    }
    const verdicts: Verdicts = { ...NOTHING, accounts: byAccount, groups: byGroup };
    ofGroups.set(name, verdicts);
    return verdicts;
  }

  return evaluate;
}

export function verdictOf(verdicts: Verdicts, account: AccountId): Verdict | undefined {
  return verdicts.accounts.get(account) ?? verdicts.others;
}

function negate({ isIn, group }: Verdict): Verdict {
  if (group === undefined) return isIn ? OUT : IN;
  return { isIn: !isIn, group };
}
