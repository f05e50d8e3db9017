// The version of the sensor's wire protocol, sent in every check-in, and its written history.
// A change is additive and adds a line; the server accepts every version listed.

import { z } from "zod";

/**
 * - 1: 2026-11-24: enroll, check-in, inventory in content-addressed chunks
 * - 2: 2026-11-24: the header Sensor-Instance, host facts in the check-in, new keys, clones, re-enrollment, signed refusals,
 *   collectedAt, roots of a private CA in the check-in and at /sensor/v1/roots
 */
export const SENSOR_PROTOCOL_VERSIONS = [1, 2] as const;
/** What this release's sensor speaks. */
export const SENSOR_PROTOCOL_VERSION = 2 as const;

/** What this release's server accepts. */
export const protocolVersion = z.literal(SENSOR_PROTOCOL_VERSIONS).meta({ example: SENSOR_PROTOCOL_VERSION });

/** Calendar-based release of all three programs, e.g. `2026.11.0`. */
export const RELEASE = "2026.11.0";

declare const BUILD_COMMIT: string | undefined;

/** Git commit that a program was built from, `-dirty` behind it when files differed; `unknown` where no build has set it. */
export const COMMIT: string = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown";
