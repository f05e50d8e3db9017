import { lowestRole, type Permission, ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../queries.ts";

/** Why the user lacks a permission, or undefined. The server enforces it; the console only explains it. */
export function usePermissionReason(permission: Permission): string | undefined {
  const { data: me } = useSuspenseQuery(meQuery);
  if (me.permissions.includes(permission)) return undefined;
  return `Requires the ${ROLE_NAMES[lowestRole(permission)]} role. Your role is ${ROLE_NAMES[me.role]}.`;
}
