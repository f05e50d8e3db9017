// The security policy that secedit exports: an INF file with sections. Accounts are SIDs with a star; names
// of accounts that no longer exist stay as they are.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";

type Setting = Item<"security">;

/** Of the section System Access. The others, such as a new name of the administrator, are not needed. */
const ACCESS = new Set([
  "MinimumPasswordAge",
  "MaximumPasswordAge",
  "MinimumPasswordLength",
  "PasswordComplexity",
  "PasswordHistorySize",
  "LockoutBadCount",
  "ResetLockoutCount",
  "LockoutDuration",
  "AllowAdministratorLockout",
  "ClearTextPassword",
  "LSAAnonymousNameLookup",
  "EnableAdminAccount",
  "EnableGuestAccount",
  "ForceLogoffWhenHourExpire",
]);
const SOURCE = "security policy of this host";

export function parseSecurityPolicy(text: string): Setting[] {
  const settings: Setting[] = [];
  let section = "";
  for (const line of text.split(/\r\n|[\r\n]/)) {
    const trimmed = line.replace(/^\ufeff/, "").trim();
    if (trimmed.startsWith("[") && trimmed.endsWith("]")) {
      section = trimmed.slice(1, -1).toLowerCase();
      continue;
    }
    const at = trimmed.indexOf("=");
    if (at < 0) continue;
    const [name, value] = [trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim()];
    if (section === "system access" && ACCESS.has(name) && /^-?\d{1,10}$/.test(value))
      settings.push(policySetting("login", "password-policy", name, value));
    if (section === "privilege rights" && /^Se[A-Za-z]{1,60}$/.test(name))
      settings.push(policySetting("access-control", "rights", name, accountsOf(value)));
  }
  return settings;
}

function policySetting(area: Setting["area"], group: string, name: string, value: string): Setting {
  return {
    key: factText(`${area}/${group}/${name}`, 300),
    area,
    name: factText(name, 200),
    value: factText(value, 1_000),
    source: SOURCE,
  };
}

/** `*S-1-5-32-544,*S-1-1-0,Gast` → `Gast, S-1-1-0, S-1-5-32-544`, in the same order on every host. */
function accountsOf(value: string): string {
  return value
    .split(",")
    .map((account) => account.trim().replace(/^\*/, ""))
    .filter(Boolean)
    .sort()
    .join(", ");
}
