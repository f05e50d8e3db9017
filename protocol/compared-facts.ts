// What a host says of itself beside what another one said: whether the two are one machine.
import { z } from "zod";

/** What is compared of two hosts; the hardware facts among them count as evidence. */
export const FACT_KINDS = [
  "product-uuid",
  "serial-number",
  "cloud-instance-id",
  "mac-address",
  "machine-id",
  "hostname",
  "operating-system",
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

export const EVIDENCE = [
  "for",
  "against",
  "shared",
  "same-as-uuid",
  "placeholder",
  "not-told",
  "not-hardware",
] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** A fact of a host beside the same fact of a host that was there before. */
export const comparedFact = z
  .object({
    kind: z.enum(FACT_KINDS),
    before: z.string().nullable().meta({ description: "null: not told" }),
    now: z.string().nullable(),
    agrees: z.boolean(),
    evidence: z.enum(EVIDENCE).meta({
      description:
        "for, against; or why it is neither: another living sensor tells the same (shared), the UUID in other words (same-as-uuid), one of the two says nothing of its own (placeholder) or nothing at all (not-told), no hardware (not-hardware)",
    }),
  })
  .meta({ id: "ComparedFact" });
export type ComparedFact = z.infer<typeof comparedFact>;
