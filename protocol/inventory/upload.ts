// Uploading the categories that the server requested: their lists of chunk hashes, then the chunks that no
// sensor of the same asset group has uploaded. All of them together, or each alone.
import { z } from "zod";
import { collectedAt } from "../check-in.ts";
import { route } from "../route.ts";
import { sha256Hex } from "../text.ts";
import { category } from "./category.ts";
import { MAX_CHUNK_ITEMS, MAX_UPLOAD_BYTES, MAX_UPLOAD_VALUES } from "./limits.ts";
import { MISSING, manifest, missingChunks } from "./manifest.ts";
import { parseUsualUpload } from "./usual-upload.ts";

const params = z.strictObject({ category });

const chunks = z.record(
  sha256Hex,
  z
    .array(z.unknown())
    .min(1)
    .max(MAX_CHUNK_ITEMS)
    .meta({ description: "Items of the category, see the schema of each item" }),
);

const bodyLimits = { bytes: MAX_UPLOAD_BYTES, values: MAX_UPLOAD_VALUES, items: MAX_CHUNK_ITEMS };

export const putInventory = route({
  name: "sensor.putInventory",
  method: "PUT",
  path: "/sensor/v1/inventory",
  access: "sensor",
  acceptsMac: true,
  isUpload: true,
  tag: "For sensors",
  summary:
    "Report categories by their chunk hashes, with chunks that are missing. The server stores each category of which no chunk is missing",
  bodyLimits,
  body: z.strictObject({
    collectedAt,
    categories: z.partialRecord(category, manifest),
    chunks: chunks.optional().meta({ description: "Chunks that the lists name, by name" }),
  }),
  parseUsual: parseUsualUpload,
  status: 200,
  output: z.object({
    missing: z
      .partialRecord(category, missingChunks)
      .meta({ description: "Of each category that is not stored" }),
  }),
});

export const putManifest = route({
  name: "sensor.putManifest",
  method: "PUT",
  path: "/sensor/v1/inventory/{category}",
  access: "sensor",
  acceptsMac: true,
  isUpload: true,
  tag: "For sensors",
  summary:
    "Report a category by its chunk hashes. The server stores it when no chunk is missing. Repeat after uploading the missing ones",
  params,
  body: manifest.extend({ collectedAt }),
  status: 200,
  output: z.object({
    missing: missingChunks.meta({ description: `${MISSING}; empty: the category is stored` }),
  }),
});

export const putChunks = route({
  name: "sensor.putChunks",
  method: "PUT",
  path: "/sensor/v1/inventory/{category}/chunks",
  access: "sensor",
  acceptsMac: true,
  isUpload: true,
  tag: "For sensors",
  summary: "Upload chunks by name. The name of a chunk is the SHA-256 of its canonical JSON",
  params,
  bodyLimits,
  body: z.strictObject({ chunks }),
  status: 204,
});
