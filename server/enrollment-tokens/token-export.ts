// Exports the list of enrollment tokens, without their values, which the server does not have.
import type { ListedToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { tokenExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listEnrollmentTokens } from "./enrollment-tokens.ts";

const CELLS: ListCells<ListedToken, (typeof tokenExports.columns)[number]> = {
  name: ({ name }) => name,
  scope: ({ scope }) => (scope.type === "asset-group" ? scope.assetGroup.name : scope.type),
  createdAt: ({ createdAt }) => createdAt,
  createdBy: ({ createdBy }) => createdBy,
  expiresAt: ({ expiresAt }) => expiresAt,
  status: ({ status }) => status,
  enrolledSensors: ({ enrolledSensors }) => enrolledSensors,
  lastUsedAt: ({ lastUsedAt }) => lastUsedAt,
  description: ({ description }) => description,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof tokenExports.csv>["query"];

export function exportTokens(reads: Database, user: User, request: ListExport<Query>) {
  return exportList(
    {
      exports: tokenExports,
      cells: CELLS,
      list: (query) => listEnrollmentTokens(reads, request.now, user, query),
    },
    request,
  );
}
