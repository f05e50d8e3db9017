// What an account or group may do as another account, in one line.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";

type User = Extract<Item<"users">, { kind: "user" }>;
type Privilege = Item<"users">["privileges"][number];

const ROOT_ACCESS: Record<User["rootAccess"], string | undefined> = {
  full: "Full root access",
  "some-commands": "Some commands as root",
  none: undefined,
  unknown: "Root access unknown",
};

const PASSWORDS: Record<Privilege["password"], string> = {
  none: "no password",
  own: "own password",
  target: "password of the target",
  root: "password of root",
  "runas-default": "password of the default target",
};

/** Whether an account may act as root, and the privileges of an account or group. */
export function accessText(one: Item<"users">): string {
  const access = one.kind === "user" ? ROOT_ACCESS[one.rootAccess] : undefined;
  return [...(access ? [access] : []), ...one.privileges.map(privilegeText)].join("; ");
}

function privilegeText(privilege: Privilege): string {
  const { source, group, runAs, runAsGroups, commands, moreCommands = 0, password } = privilege;
  if (source === "uid") return runAs.length === 0 ? "Built-in administrator" : "Has the ID of root";
  if (source === "group") return group === undefined ? "Equivalent to root" : `Member of ${group}`;
  const rule = group === undefined ? source : `${source} by ${group}`;
  const all = [...commands, ...(moreCommands > 0 ? [`${moreCommands} more`] : [])].join(", ");
  const target = [runAs.join(", "), ...(runAsGroups?.length ? [runAsGroups.join(", ")] : [])].join(" : ");
  return `${rule}: ${all} as ${target}, ${PASSWORDS[password]}`;
}
