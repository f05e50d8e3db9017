// The results of collecting a category. All programs tell them apart.

/** Without items, and with a reason. */
export const REASONED_STATUSES = [
  /** For any other reason. */
  "failed",
  /** The sensor ended the collector. */
  "too-slow",
  /** The user of the sensor must not read what it needs. */
  "not-permitted",
  /** The host has none of it, e.g. no package manager. */
  "absent",
] as const;

/** Without items, and without a reason. */
export const PLAIN_STATUSES = [
  /** The sensor does not collect it on this platform. */
  "unsupported",
  /** By the owner of the host. */
  "switched-off",
] as const;

export type ReasonedStatus = (typeof REASONED_STATUSES)[number];
export type PlainStatus = (typeof PLAIN_STATUSES)[number];
export type UncollectedStatus = ReasonedStatus | PlainStatus;

/** Statuses in words, for terminals and pages. */
export const STATUS_WORDS: Record<UncollectedStatus | "collected", string> = {
  collected: "collected",
  failed: "failed",
  "too-slow": "too slow",
  "not-permitted": "not permitted",
  absent: "nothing there",
  unsupported: "unsupported",
  "switched-off": "switched off by the host's owner",
};
