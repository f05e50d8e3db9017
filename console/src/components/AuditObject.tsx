import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import type { Permission } from "@attacklens/protocol/permissions.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { paths } from "../paths.ts";
import { meQuery } from "../queries.ts";
import { TextLink } from "./links.tsx";

/** Who can open the page of an object, if not everyone. */
const PERMISSIONS: Record<string, Permission> = { "api-key": "api-keys:manage", user: "users:manage" };

/** A link while the object exists, and its name at that time afterwards. */
export function AuditObject({ type, id, name, exists }: AuditEvent["entity"]) {
  const { data: me } = useSuspenseQuery(meQuery);
  const permission = PERMISSIONS[type];
  const isReadable = exists && (permission === undefined || me.permissions.includes(permission));
  const link = isReadable ? linkOf(type, id, name) : undefined;
  if (!link) return <span title={name}>{name}</span>;
  return (
    <TextLink {...(link as ReturnType<typeof paths.assets>)} title={name}>
      {name}
    </TextLink>
  );
}

function linkOf(type: string, id: string, name: string) {
  switch (type) {
    case "sensor":
      return paths.sensor(id);
    case "enrollment-token":
      return paths.enrollmentToken(id);
    case "asset":
      return paths.asset(id);
    case "asset-group":
      return paths.assets({ assetGroupId: id });
    case "update-ring":
      return paths.updates();
    case "api-key":
      return paths.apiKeys({ q: name });
    case "user":
      return paths.users({ q: name });
    default:
      return undefined;
  }
}
