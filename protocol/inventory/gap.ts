import { z } from "zod";
import { fact } from "../text.ts";
import { GAP_KINDS, MAX_GAP_REASON, MAX_GAP_SUBJECT, MAX_GAPS } from "./gaps.ts";

const gap = z
  .strictObject({
    kind: z.enum(GAP_KINDS).meta({
      description:
        "not-permitted: the sensor must not read it; unreadable: e.g. not a regular file; damaged: a part of a file or a record; not-understood: e.g. a rule; limit: more than the sensor reads",
    }),
    subject: fact(MAX_GAP_SUBJECT).min(1).meta({ example: "/etc/shadow" }),
    reason: fact(MAX_GAP_REASON).min(1).meta({ example: "permission denied" }),
    count: z.int().min(2).optional().meta({ description: "At least so many such gaps; absent: one" }),
  })
  .meta({ id: "Gap" });

export const gaps = z
  .array(gap)
  .min(1)
  .max(MAX_GAPS)
  .meta({ description: "What the items lack although the host may have it; absent: nothing" });

export const totalItems = z.int().min(1).meta({
  description: "The number of items on the host, if the report has only the first of them",
});

export const durationMs = z
  .int()
  .min(0)
  .meta({ description: "How long the collection took, in milliseconds. A change alone is no new report" });
