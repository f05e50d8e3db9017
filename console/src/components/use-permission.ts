import { lowestRole, type Permission, ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../queries.ts";

/** Why the person may not; undefined when they may. The server decides, this only tells beforehand. */
export function usePermissionReason(permission: Permission): string | undefined {
  const { data: me } = useSuspenseQuery(meQuery);
  if (me.permissions.includes(permission)) return undefined;
  return `Needs the ${ROLE_NAMES[lowestRole(permission)]} role; yours is ${ROLE_NAMES[me.role]}.`;
}
