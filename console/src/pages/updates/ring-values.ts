// The values of a ring's form, and the request that they become.
import {
  DEFAULT_RING_SETTINGS,
  pickRingSettings,
  type RingSettings,
  WHOLE_DAY,
} from "@attacklens/protocol/ring-settings.ts";
import type { UpdateRing } from "@attacklens/protocol/update-rings.ts";

export interface RingValues extends Omit<RingSettings, "version" | "hours"> {
  name: string;
  assetGroupIds: string[];
  /** Empty: the newest release. */
  version: string;
  isWholeDay: boolean;
  /** Two times of a field for times, which has no 24:00. */
  from: string;
  until: string;
}

export function initialRingValues(timeZone: string): RingValues {
  return valuesOf({ ...DEFAULT_RING_SETTINGS, timeZone, name: "", assetGroups: [] });
}

export function valuesOf(ring: RingSettings & Pick<UpdateRing, "name" | "assetGroups">): RingValues {
  const { hours, version, ...settings } = pickRingSettings(ring);
  const isWholeDay = hours === WHOLE_DAY;
  const [from = "", until = ""] = (isWholeDay ? "22:00-04:00" : hours).split("-");
  return {
    ...settings,
    name: ring.name,
    assetGroupIds: ring.assetGroups.map(({ id }) => id),
    version: version ?? "",
    ...{ isWholeDay, from, until: until === "24:00" ? "00:00" : until },
  };
}

export function toRingBody({ isWholeDay, from, until, version, name, ...values }: RingValues) {
  const end = until === "00:00" ? "24:00" : until;
  return {
    ...values,
    name: name.trim(),
    hours: isWholeDay ? WHOLE_DAY : `${from}-${end}`,
    version: version === "" ? null : version,
  };
}
