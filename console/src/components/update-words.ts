// The label and the color of each state of a ring and of a host's update.
import type { HostUpdateState, RingState } from "@attacklens/protocol/update-rings.ts";
import type { UpdateMethod } from "@attacklens/protocol/updates.ts";
import type { StatusColor } from "../ui/Status.tsx";

type Look = { label: string; color: StatusColor };

export const RING_STATE_LOOKS: Record<RingState, Look> = {
  paused: { label: "Paused", color: "yellow" },
  "no-release": { label: "No release", color: "gray" },
  "release-expired": { label: "Release expired", color: "red" },
  stopped: { label: "Stopped", color: "red" },
  done: { label: "Done", color: "green" },
  waiting: { label: "Waiting", color: "gray" },
  "window-closed": { label: "Outside its hours", color: "gray" },
  canaries: { label: "Canaries", color: "yellow" },
  "rolling-out": { label: "Rolling out", color: "yellow" },
};

export const HOST_STATE_LOOKS: Record<HostUpdateState, Look> = {
  unknown: { label: "Not reported", color: "gray" },
  none: { label: "No update yet", color: "gray" },
  offered: { label: "Offered", color: "yellow" },
  downloading: { label: "Downloading", color: "yellow" },
  verified: { label: "Verified", color: "yellow" },
  trial: { label: "Trial", color: "yellow" },
  done: { label: "Done", color: "green" },
  "rolled-back": { label: "Rolled back", color: "red" },
  skipped: { label: "Skipped", color: "red" },
  failed: { label: "Failed", color: "red" },
  "package-manager": { label: "Package manager", color: "gray" },
  immutable: { label: "Immutable system", color: "gray" },
  manual: { label: "Not a service", color: "gray" },
};

/** How the sensor is updated, in the words of its page. */
export const METHOD_NAMES: Record<UpdateMethod, string> = {
  self: "The sensor updates itself",
  "package-manager": "Its package manager updates it",
  immutable: "The system's image is replaced as a whole",
  manual: "It does not run as a service, and is updated by hand",
};
