// The label, the color and the shape of each status.
import type { TokenStatus } from "@attacklens/protocol/enrollment-tokens.ts";
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { Status, type StatusColor, type StatusShape } from "../ui/Status.tsx";

type Look = { label: string; color: StatusColor; shape?: StatusShape };

export const SENSOR_STATUS_LOOKS: Record<SensorStatus, Look> = {
  blocked: { label: "Blocked", color: "red", shape: "barred" },
  "awaiting-approval": { label: "Awaiting approval", color: "yellow", shape: "diamond" },
  pending: { label: "Pending", color: "yellow" },
  online: { label: "Online", color: "green" },
  offline: { label: "Offline", color: "red" },
  uninstalled: { label: "Uninstalled", color: "gray" },
  replaced: { label: "Replaced", color: "gray" },
  removed: { label: "Removed", color: "gray" },
};

export const TOKEN_STATUS_LOOKS: Record<TokenStatus, Look> = {
  paused: { label: "Paused", color: "yellow", shape: "bars" },
  "used-up": { label: "Used up", color: "gray" },
  active: { label: "Active", color: "green" },
  expired: { label: "Expired", color: "gray" },
  revoked: { label: "Revoked", color: "red", shape: "barred" },
  "group-deleted": { label: "Group deleted", color: "red" },
};

export function SensorStatusMark({ status }: { status: SensorStatus }) {
  return <LookMark look={SENSOR_STATUS_LOOKS[status]} />;
}

export function TokenStatusMark({ status }: { status: TokenStatus }) {
  return <LookMark look={TOKEN_STATUS_LOOKS[status]} />;
}

function LookMark({ look: { label, color, shape } }: { look: Look }) {
  return (
    <Status color={color} shape={shape}>
      {label}
    </Status>
  );
}

/** The options of a status filter. */
export function filterOptions(looks: Record<string, Look>): { value: string; label: string }[] {
  return Object.entries(looks).map(([value, { label }]) => ({ value, label }));
}
