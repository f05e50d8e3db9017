// The list of the chunks of a category: by their names, which are their hashes.
import { z } from "zod";
import { sha256Hex } from "../text.ts";
import { durationMs, gaps, totalItems } from "./gap.ts";
import { MAX_CATEGORY_CHUNKS } from "./limits.ts";

export const chunkNames = z
  .array(sha256Hex)
  .max(MAX_CATEGORY_CHUNKS)
  .meta({ description: "One per bucket, in bucket order" });

export const manifest = z.strictObject({
  root: sha256Hex,
  chunks: chunkNames,
  totalItems: totalItems.optional(),
  gaps: gaps.optional(),
  durationMs: durationMs.optional(),
});
export type Manifest = z.infer<typeof manifest>;

export const MISSING = "Chunks to upload, which no sensor of the same asset group has uploaded";
export const missingChunks = z.array(sha256Hex).meta({ description: MISSING });
