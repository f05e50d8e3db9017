// Exports the ledger of enrollment attempts.
import type { EnrollmentAttempt } from "@attacklens/protocol/enrollment-attempts.ts";
import { enrollmentExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listEnrollmentAttempts } from "./attempts.ts";

const CELLS: ListCells<EnrollmentAttempt, (typeof enrollmentExports.columns)[number]> = {
  at: ({ at }) => at,
  hostname: ({ hostname }) => hostname,
  result: ({ outcome, reason }) => reason ?? outcome,
  token: ({ enrollmentToken }) => enrollmentToken.name,
  details: ({ detail }) => detail,
  address: ({ address }) => address,
  attempts: ({ attempts }) => attempts,
  reference: ({ reference }) => reference,
  sensor: ({ sensor }) => sensor?.id ?? null,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof enrollmentExports.csv>["query"];

export function exportEnrollments(reads: Database, request: ListExport<Query>) {
  return exportList(
    { exports: enrollmentExports, cells: CELLS, list: (query) => listEnrollmentAttempts(reads, query) },
    request,
  );
}
