// Facts of two hosts, compared to decide whether they are the same machine.
import { z } from "zod";

/** The facts that are compared. Only hardware facts count as evidence. */
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

/** A fact of a host and the same fact of an earlier host. */
export const comparedFact = z
  .object({
    kind: z.enum(FACT_KINDS),
    before: z.string().nullable().meta({ description: "null: not reported" }),
    now: z.string().nullable(),
    agrees: z.boolean(),
    evidence: z.enum(EVIDENCE).meta({
      description:
        "for or against; or why it is neither: another online sensor reports the same value (shared), the value repeats the UUID (same-as-uuid), a value is a vendor's placeholder (placeholder), a host does not report it (not-told), it is not hardware (not-hardware)",
    }),
  })
  .meta({ id: "ComparedFact" });
export type ComparedFact = z.infer<typeof comparedFact>;
