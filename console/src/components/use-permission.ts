import { lowestRole, type Permission, ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../queries.ts";
import type { Obstacle } from "../ui/obstacle.ts";

/** Why the user lacks a permission, or undefined. The server enforces it; the console only explains it. */
export function usePermissionReason(permission: Permission): Obstacle | undefined {
  const { data: me } = useSuspenseQuery(meQuery);
  if (me.permissions.includes(permission)) return undefined;
  const needed = ROLE_NAMES[lowestRole(permission)];
  return { notPermitted: `Changes here need the ${needed} role. Your role is ${ROLE_NAMES[me.role]}.` };
}
