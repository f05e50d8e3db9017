// What the shadow file says about accounts, with some bytes for each.
import type { AccountAges } from "./account-ages.ts";
import { agesOf } from "./account-ages.ts";
import { parseShadow, passwordState } from "./passwd.ts";
import type { AccountId, Accounts } from "./sudo/accounts.ts";

type PasswordState = ReturnType<typeof passwordState>;

export interface Shadow {
  /** An account without its shadow entry has no password that could match. */
  passwordOf(account: AccountId): PasswordState;
  agesOf(account: AccountId): AccountAges | undefined;
}

/** The first one is that of an account without an entry. */
const STATES: readonly PasswordState[] = ["locked", "none", "set"];
/** Most accounts have the same days, which are then in memory once. */
const MAX_SHARED = 1_000;

export function indexShadow(text: string, accounts: Accounts): Shadow {
  const passwords = new Uint8Array(accounts.userCount);
  const ages = new Array<AccountAges | undefined>(accounts.userCount);
  const shared = new Map<string, AccountAges>();
  for (const { name, password, days } of parseShadow(text)) {
    const [account] = accounts.findByName(name, false);
    // The first entry counts.
    if (account === undefined || ages[account] !== undefined) continue;
    passwords[account] = STATES.indexOf(passwordState(password));
    const key = days.join(":");
    const known = shared.get(key) ?? agesOf(days);
    if (shared.size < MAX_SHARED) shared.set(key, known);
    ages[account] = known;
  }
  return {
    passwordOf: (account) => STATES[passwords[account] ?? 0] as PasswordState,
    agesOf: (account) => ages[account],
  };
}
