// Uploading a category that the server requested: its list of chunk hashes, then the chunks that no sensor of
// the same asset group has uploaded.
import { z } from "zod";
import { collectedAt } from "../check-in.ts";
import { route } from "../route.ts";
import { sha256Hex } from "../text.ts";
import { category } from "./category.ts";

/** Maximum bytes of one upload of chunks, and of one chunk's canonical JSON. */
export const MAX_UPLOAD_BYTES = 4 * 1024 * 1024;
export const MAX_CHUNK_BYTES = 2 * 1024 * 1024;
/** Maximum values in one upload of chunks, of any kind and depth, and items of one array. */
export const MAX_UPLOAD_VALUES = 400_000;
export const MAX_CHUNK_ITEMS = 5_000;
/** Maximum bytes of all chunks of a category: the server reads them at once to show the category. */
export const MAX_CATEGORY_BYTES = 16 * 1024 * 1024;

const params = z.strictObject({ category });

export const putManifest = route({
  name: "sensor.putManifest",
  method: "PUT",
  path: "/sensor/v1/inventory/{category}",
  access: "sensor",
  isUpload: true,
  tag: "For sensors",
  summary:
    "Report a category by its chunk hashes. The server stores it when no chunk is missing. Repeat after uploading the missing ones",
  params,
  body: z.strictObject({
    root: sha256Hex,
    chunks: z.array(sha256Hex).max(256).meta({ description: "One per bucket, in bucket order" }),
    collectedAt,
  }),
  status: 200,
  output: z.object({
    missing: z.array(sha256Hex).meta({
      description:
        "Chunks to upload, which no sensor of the same asset group has uploaded; empty: the category is stored",
    }),
  }),
});

export const putChunks = route({
  name: "sensor.putChunks",
  method: "PUT",
  path: "/sensor/v1/inventory/{category}/chunks",
  access: "sensor",
  isUpload: true,
  tag: "For sensors",
  summary: "Upload chunks by name. The name of a chunk is the SHA-256 of its canonical JSON",
  params,
  bodyLimits: { bytes: MAX_UPLOAD_BYTES, values: MAX_UPLOAD_VALUES, items: MAX_CHUNK_ITEMS },
  body: z.strictObject({
    chunks: z.record(
      sha256Hex,
      z
        .array(z.unknown())
        .min(1)
        .max(MAX_CHUNK_ITEMS)
        .meta({ description: "Items of the category, see the schema of each item" }),
    ),
  }),
  status: 204,
});
