// The rights of all accounts and groups. Accounts that the same rules name have the same rights, so that they
// are computed once for each kind of account.
import type { HostFiles } from "../../host-files.ts";
import type { AccountId } from "./accounts.ts";
import type { BoundDefaults, CompiledPolicy, Rule } from "./compile-policy.ts";
import { type Applied, decideRights, type Right } from "./decide.ts";
import type { Verdict, Verdicts } from "./verdicts.ts";

export interface Rights {
  ofUser(id: AccountId): readonly Right[];
  /** Of an account that is in no other group, by rules that name the group. */
  ofGroup(group: number): readonly Right[];
}

/** Rules looked at for all kinds of accounts together. */
const MAX_RULES = 200_000;
/** Rules looked at for one kind of account afterwards, from the last. */
const FEW_RULES = 50;
/** Commands looked at, for all kinds of accounts and all accounts that they may act as. */
const MAX_WORK = 500_000;
/** Pairs of a list and an account in it. */
const MAX_PAIRS = 500_000;

/** The rules with the same list of users. */
interface Bucket {
  users: Verdicts;
  /** Indexes of rules, ascending. */
  rules: number[];
}

type Own = { bucket: number; verdict: Verdict }[];

export function computeRights(policy: CompiledPolicy, noteGap: HostFiles["noteGap"]): Rights {
  const { buckets, bucketOf, bucketOfDefaults } = sortIntoBuckets(policy.rules, policy.defaults);
  /** The rules for accounts that no list names, the last first. */
  const common = policy.rules
    .map((rule, index) => ({ rule, index }))
    .filter(({ rule }) => rule.users.others?.isIn)
    .reverse();
  const ofUsers = new Map<AccountId, Own>();
  const ofGroups = new Map<number, Own>();
  let pairs = 0;
  let isNoted = false;
  for (const [bucket, { users }] of buckets.entries()) {
    pairs += users.accounts.size;
    if (pairs > MAX_PAIRS) {
      noteLimit();
      break;
    }
    // Most accounts in a list are in it by the same group.
    let each: Own[number] | undefined;
    for (const [id, verdict] of users.accounts) {
      if (each?.verdict !== verdict) each = { bucket, verdict };
      addTo(ofUsers, id, each);
    }
    for (const [group, verdict] of users.groups) addTo(ofGroups, group, { bucket, verdict });
  }
  const exemptGroups = new Set(
    policy.defaults.flatMap(({ name, value }) =>
      name === "exempt_group" && typeof value === "string" ? value : [],
    ),
  );
  const known = new Map<string, readonly Right[]>();
  const work = { left: MAX_WORK, isCut: false };
  let total = 0;

  function noteLimit(): void {
    if (!isNoted)
      noteGap({ kind: "limit", subject: "sudoers", reason: "too many rules to evaluate all of them" });
    isNoted = true;
  }

  /** The last rule first. */
  function apply(own: Own, hasCommon: boolean): Applied[] {
    const decided = new Set(own.map(({ bucket }) => bucket));
    const groupOf = new Map<number, number | undefined>();
    const named: number[] = [];
    for (const { bucket, verdict } of own) {
      if (!verdict.isIn) continue;
      for (const index of buckets[bucket]?.rules ?? []) {
        named.push(index);
        groupOf.set(index, verdict.group);
      }
    }
    named.sort((left, right) => right - left);
    const applied: Applied[] = [];
    const max = Math.max(FEW_RULES, MAX_RULES - total);
    let [nextNamed, nextCommon] = [0, 0];
    while (applied.length < max) {
      let other = hasCommon ? common[nextCommon] : undefined;
      while (other && decided.has(bucketOf[other.index] as number)) other = common[++nextCommon];
      const index = named[nextNamed] ?? -1;
      if (index < 0 && other === undefined) break;
      const isNamed = index > (other?.index ?? -1);
      const rule = isNamed ? (policy.rules[index] as Rule) : (other as (typeof common)[number]).rule;
      applied.push({ rule, group: isNamed ? groupOf.get(index) : undefined });
      if (isNamed) nextNamed += 1;
      else nextCommon += 1;
      if (rule.isTotal) break;
    }
    total += nextNamed + nextCommon;
    if (applied.length >= max) noteLimit();
    return applied;
  }

  function rightsFor(own: Own, hasCommon: boolean, exempt: ReadonlySet<string>): readonly Right[] {
    const key = `${hasCommon} ${own.map(({ bucket, verdict }) => `${bucket}${verdict.isIn ? "+" : "-"}${verdict.group ?? ""}`).join()} ${[...exempt].join()}`;
    const rights =
      known.get(key) ??
      decideRights(
        policy,
        apply(own, hasCommon),
        defaultsFor(own, hasCommon),
        (group) => exempt.has(group),
        work,
      );
    if (work.isCut) noteLimit();
    known.set(key, rights);
    return rights;
  }

  function defaultsFor(own: Own, hasCommon: boolean): BoundDefaults[] {
    const verdicts = new Map(own.map(({ bucket, verdict }) => [bucket, verdict]));
    return policy.defaults.filter((entry) => {
      const bucket = bucketOfDefaults.get(entry);
      if (bucket === undefined) return true;
      return (verdicts.get(bucket) ?? (hasCommon ? entry.accounts?.others : undefined))?.isIn;
    });
  }

  return {
    ofUser: (id) =>
      rightsFor(
        ofUsers.get(id) ?? [],
        true,
        new Set([...exemptGroups].filter((group) => policy.isInGroup(id, group))),
      ),
    ofGroup(group) {
      const { name } = policy.accounts.findGroup(group) ?? {};
      return rightsFor(
        ofGroups.get(group) ?? [],
        false,
        new Set(name && exemptGroups.has(name) ? [name] : []),
      );
    },
  };
}

/** `bucketOf`: by index of the rule. Lists of Defaults have buckets without rules. */
function sortIntoBuckets(
  rules: readonly Rule[],
  defaults: readonly BoundDefaults[],
): { buckets: Bucket[]; bucketOf: number[]; bucketOfDefaults: Map<BoundDefaults, number> } {
  const buckets: Bucket[] = [];
  const numbers = new Map<Verdicts, number>();
  function numberOf(users: Verdicts): number {
    const number = numbers.get(users) ?? buckets.push({ users, rules: [] }) - 1;
    numbers.set(users, number);
    return number;
  }
  const bucketOf = rules.map(({ users }, index) => {
    const number = numberOf(users);
    buckets[number]?.rules.push(index);
    return number;
  });
  const bucketOfDefaults = new Map<BoundDefaults, number>();
  for (const entry of defaults)
    if (entry.scope === ":" && entry.accounts) bucketOfDefaults.set(entry, numberOf(entry.accounts));
  return { buckets, bucketOf, bucketOfDefaults };
}

function addTo(map: Map<number, Own>, id: number, each: Own[number]): void {
  const known = map.get(id);
  if (known) known.push(each);
  else map.set(id, [each]);
}
