// Ids are text: a prefix that names the type, and a UUIDv7 (RFC 9562, section 5.7), so they sort by creation.
import { z } from "zod";

const PREFIXES = {
  enrollmentToken: "tok",
  sensor: "sen",
  asset: "ast",
  assetGroup: "grp",
  user: "usr",
  session: "ses",
  passkey: "pky",
  apiKey: "key",
  auditEvent: "evt",
  enrollment: "enr",
  report: "rep",
  ticket: "tkt",
  certificateAuthority: "cav",
  updateRing: "rng",
  oneTimeLink: "lnk",
  view: "viw",
} as const;

export type IdKind = keyof typeof PREFIXES;

/** Formats an id from a UUIDv7 that the caller generates: `formatId("sensor", uuid)` → `sen_0198…`. */
export function formatId(kind: IdKind, uuid: string): string {
  return `${PREFIXES[kind]}_${uuid}`;
}

function id(kind: IdKind) {
  const prefix = PREFIXES[kind];
  return z
    .string()
    .regex(
      new RegExp(`^${prefix}_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
      `must be an id such as ${prefix}_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f`,
    )
    .meta({ example: `${prefix}_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f` });
}

export const enrollmentTokenId = id("enrollmentToken");
export const sessionId = id("session");
export const passkeyId = id("passkey");
export const sensorId = id("sensor");
export const assetId = id("asset");
export const assetGroupId = id("assetGroup");
export const updateRingId = id("updateRing");
export const apiKeyId = id("apiKey");
export const userId = id("user");
export const viewId = id("view");
