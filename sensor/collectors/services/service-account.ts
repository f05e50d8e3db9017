// The account of a service (systemd.exec(5)).
import { optionalFact, parseCount } from "../collector.ts";
import type { Unit } from "./unit.ts";
import { lastOf } from "./unit-file.ts";
import { expandSpecifiers, isTemplate } from "./unit-name.ts";

export type UserName = (uid: number) => string | undefined;

const ACCOUNT_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,30}$/;
const YES = /^(?:1|yes|y|true|t|on)$/i;

/** The account's name, also if the unit has its id. Absent if the instance of a template decides. */
export function accountOf(unit: Unit, userName: UserName): { user?: string; dynamicUser?: true } {
  const isDynamic = YES.test(lastOf(unit.settings, "Service.DynamicUser") ?? "");
  const written = lastOf(unit.settings, "Service.User");
  const text = written === undefined ? undefined : expandSpecifiers(written, unit.name);
  const isOpen = text?.includes("%") || (text === undefined && isDynamic && isTemplate(unit.name));
  const id = parseCount(text);
  const named = id === undefined ? text : (userName(id) ?? text);
  const user = isOpen ? undefined : (named ?? (isDynamic ? dynamicName(unit.name) : "root"));
  return { user: optionalFact(user, 250), ...(isDynamic ? { dynamicUser: true } : {}) };
}

/** The unit's name; undefined if systemd derives a name from a hash. */
function dynamicName(unit: string): string | undefined {
  const name = expandSpecifiers("%p", unit);
  return ACCOUNT_NAME.test(name) ? name : undefined;
}
