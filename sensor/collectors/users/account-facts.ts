// Facts about an account beyond its lines in passwd and group: its last sign-in, when it and its password
// expire, and the SSH keys that open it.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readAuthorizedKeysPatterns } from "../security/sshd-keys.ts";
import { openLocalPaths } from "../system/local-path.ts";
import { type AccountAges, dateOf, hasExpired, passwordEnd } from "./account-ages.ts";
import { readAuthorizedKeys } from "./authorized-keys.ts";
import { openLastLogins } from "./last-logins.ts";
import type { PasswdEntry } from "./passwd.ts";

type Account = Extract<Item<"users">, { kind: "user" }>;
type AccountFacts = Pick<
  Account,
  "lastLoginAt" | "lastLoginFrom" | "passwordChangedOn" | "passwordExpiresOn" | "expiresOn" | "authorizedKeys"
> & { hasExpired: boolean };

export function openAccountFacts(
  files: HostFiles,
  nowMs = Date.now(),
): { of(user: PasswdEntry, age: AccountAges | undefined): AccountFacts } & Disposable {
  const logins = openLastLogins(files);
  const patterns = readAuthorizedKeysPatterns(files);
  const isLocal = openLocalPaths(files);
  return {
    of(user, age) {
      const login = logins.find(user);
      return {
        hasExpired: age !== undefined && hasExpired(age, nowMs),
        lastLoginAt: login && new Date(login.seconds * 1_000).toISOString().replace(".000Z", "Z"),
        lastLoginFrom: login && optionalFact(login.from, 300),
        // Day 0 means that the password must be changed.
        passwordChangedOn: age?.changedDay === 0 ? undefined : dateOf(age?.changedDay),
        passwordExpiresOn: age && dateOf(passwordEnd(age)),
        expiresOn: dateOf(age?.expireDay),
        authorizedKeys: readAuthorizedKeys(files, user, patterns, isLocal),
      };
    },
    [Symbol.dispose]: () => logins[Symbol.dispose](),
  };
}
