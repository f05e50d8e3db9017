// Updates of sensors: how the server offers a release in its reply to a check-in, and what the sensor
// reports. The offer only names a release. The sensor trusts nothing but the release's signature.
import { z } from "zod";
import { releaseVersion } from "./releases/release.ts";
import { fact, instant } from "./text.ts";

/** Headers of the reply to a check-in. Both are absent if the sensor should stay at its version. */
export const UPDATE_VERSION_HEADER = "Update-Version";
/** Starts at 1. A higher number asks a host to try a version again that it skips because it failed there. */
export const UPDATE_ATTEMPT_HEADER = "Update-Attempt";

/** How this sensor is updated. All but `self` ignore offers. */
export const UPDATE_METHODS = [
  /** It replaces its own program. */
  "self",
  /** It was installed from a .deb, .rpm or .msi, and its package manager replaces it. */
  "package-manager",
  /** The system's files are replaced as a whole, for example in a container or with rpm-ostree. */
  "immutable",
  /** It does not run as the service that `install` makes. */
  "manual",
] as const;
export type UpdateMethod = (typeof UPDATE_METHODS)[number];

export const UPDATE_STATES = [
  "downloading",
  "verified",
  /** The new version runs, and its first check-in and inventory are awaited. */
  "trial",
  "done",
  /** The previous version runs again. */
  "rolled-back",
  /** This version failed here before. */
  "skipped",
  /** Before anything was replaced: the release is not trustworthy, or the host lacks disk or rights. */
  "failed",
] as const;
export type UpdateState = (typeof UPDATE_STATES)[number];

export const updateReport = z.strictObject({
  method: z.enum(UPDATE_METHODS),
  target: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+){1,3}$/)
    .max(40)
    .meta({ description: "The build that runs on this host", example: "linux-x64-musl" }),
  attempt: z
    .strictObject({
      version: releaseVersion,
      attempt: z.int().min(1).max(1_000_000),
      state: z.enum(UPDATE_STATES),
      reason: fact(500).optional().meta({ description: "Why it was rolled back, skipped or failed" }),
      at: instant.meta({ description: "When it entered the state, by the sensor's clock" }),
    })
    .optional()
    .meta({ description: "The latest update that this host tried. Absent: none" }),
});
export type UpdateReport = z.infer<typeof updateReport>;
