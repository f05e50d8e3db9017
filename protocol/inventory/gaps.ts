// What a category lacks although the host may have it: a file that the sensor must not read, a damaged
// record, a rule that the sensor does not understand. A gap names its subject and contains nothing of a file.

/** `limit`: more than the sensor reads or reports. */
export const GAP_KINDS = ["not-permitted", "unreadable", "damaged", "not-understood", "limit"] as const;
export type GapKind = (typeof GAP_KINDS)[number];

export interface Gap {
  kind: GapKind;
  /** A path or a name, e.g. `/etc/shadow`. With a `*` for several, e.g. all `exe` below `/proc`. */
  subject: string;
  /** E.g. `permission denied`. */
  reason: string;
  /** At least so many; absent: one. Rounded down from 10 on, so that it seldom changes. */
  count?: number;
}

/** Maximum number of gaps of a category. More are counted together. */
export const MAX_GAPS = 20;
/** Maximum UTF-16 units of a subject. */
export const MAX_GAP_SUBJECT = 300;
/** Maximum UTF-16 units of the reason of a gap. */
export const MAX_GAP_REASON = 200;
