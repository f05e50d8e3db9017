// The version of the sensor's wire protocol, which enrollment and every check-in send, and its history. A
// change is additive and adds a line. The server accepts every version listed.

/**
 * - 1: 2026-11-25: first version
 */
export const SENSOR_PROTOCOL_VERSIONS = [1] as const;
/** The version of this release's sensor. */
export const SENSOR_PROTOCOL_VERSION = 1 as const;

declare const BUILD_RELEASE: string | undefined;
declare const BUILD_COMMIT: string | undefined;
declare const BUILD_TARGET: string | undefined;

/** Calendar-based release of all three programs, e.g. `2026.11.0`. Tests of upgrades build another one. */
export const RELEASE: string = typeof BUILD_RELEASE === "string" ? BUILD_RELEASE : "2026.11.0";

/** Git commit of the build, with the suffix `-dirty` if files differed; `unknown` if no build has set it. */
export const COMMIT: string = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown";

/** The system and CPU that the build is for, e.g. `linux-x64-musl`. A release names its files by it. */
export const TARGET: string = typeof BUILD_TARGET === "string" ? BUILD_TARGET : "unbuilt-sources";
