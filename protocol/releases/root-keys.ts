// The public root keys that this build trusts for releases. A build reads them from root-keys.json. A clone
// has none there: the publisher of programs commits theirs. docs/releasing.md describes how.
import { z } from "zod";
import { publicKey } from "../enroll.ts";
import built from "./root-keys.json" with { type: "json" };

export const MAX_ROOT_KEYS = 16;

/** The format of root-keys.json, and of a file for `attacklens releases trust`. */
export const rootKeysFile = z.object({ rootKeys: z.array(publicKey).max(MAX_ROOT_KEYS) });

declare const BUILD_ROOT_KEYS: string[] | undefined;

/**
 * Throws at the start of the program if the build contains anything but keys. Tests of updates build programs
 * with their own keys.
 */
export const BUILT_IN_ROOT_KEYS: readonly string[] = rootKeysFile.parse(
  typeof BUILD_ROOT_KEYS === "undefined" ? built : { rootKeys: BUILD_ROOT_KEYS },
).rootKeys;
