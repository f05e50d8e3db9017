// The rules for passwords of local accounts.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";

export interface PasswordPolicy {
  minimumLength: number;
  /** Undefined: passwords do not expire. */
  maximumAgeDays: number | undefined;
  minimumAgeDays: number;
  rememberedPasswords: number;
  /** Wrong passwords before an account is locked; 0: never. Undefined: not known. */
  lockoutThreshold: number | undefined;
  /** Undefined: until an administrator unlocks it, or not known. */
  lockoutMinutes: number | undefined;
  lockoutWindowMinutes: number | undefined;
}

/** With the names that the security policy of Windows has for them. */
export function policySettings(policy: PasswordPolicy | undefined): Item<"security">[] {
  if (policy === undefined) return [];
  const values: Record<string, number | undefined> = {
    MinimumPasswordLength: policy.minimumLength,
    // As secedit writes it.
    MaximumPasswordAge: policy.maximumAgeDays ?? -1,
    MinimumPasswordAge: policy.minimumAgeDays,
    PasswordHistorySize: policy.rememberedPasswords,
    LockoutBadCount: policy.lockoutThreshold,
    LockoutDuration: policy.lockoutMinutes,
    ResetLockoutCount: policy.lockoutWindowMinutes,
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined
      ? []
      : {
          key: `login/password-policy/${name}`,
          area: "login" as const,
          name: factText(name, 200),
          value: String(value),
          source: "account database of Windows",
        },
  );
}
