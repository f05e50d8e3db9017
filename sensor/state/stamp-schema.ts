// The schema of the stamp, with which every file in the state folder starts.
import { z } from "zod";
import { STATE_VERSION } from "./state-version.ts";

export const stampSchema = {
  version: z.literal(STATE_VERSION),
  /** Release of the build that wrote the file; absent: written by a build that did not record it. */
  release: z.string().max(100).optional(),
  commit: z.string().max(100).optional(),
};
