// The permissions of a role in words, from the table that the server enforces.
import { lowestRole, PERMISSIONS, ROLES, type Role } from "@attacklens/protocol/permissions.ts";

const NAMES: Record<string, string> = {
  "enrollment-tokens": "Enrollment Tokens",
  "api-keys": "API keys",
  system: "the page System",
  audit: "the audit log",
};
const listed = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** `manage Enrollment Tokens, sensors and assets`: what the role adds to the one below it. */
export function addedBy(role: Role): string {
  const own = PERMISSIONS.filter((permission) => lowestRole(permission) === role);
  const verbs = [...new Set(own.map((permission) => permission.split(":")[1] ?? ""))];
  const parts = verbs.map((verb) => {
    const nouns = own.filter((one) => one.endsWith(`:${verb}`)).map((one) => one.split(":")[0] ?? "");
    return `${verb} ${listed.format(nouns.map((noun) => NAMES[noun] ?? noun.replaceAll("-", " ")))}`;
  });
  return listed.format(parts);
}

/** `Can also manage Enrollment Tokens, sensors and assets`, in a list of all roles. */
export function roleDescription(role: Role): string {
  return `Can ${role === ROLES[0] ? "" : "also "}${addedBy(role)}`;
}
