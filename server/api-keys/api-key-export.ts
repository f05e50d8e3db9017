// Exports the list of API keys, without their values, which the server does not have.
import type { ApiKey } from "@attacklens/protocol/api-keys.ts";
import { apiKeyExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listApiKeys } from "./api-keys.ts";

const CELLS: ListCells<ApiKey, (typeof apiKeyExports.columns)[number]> = {
  name: ({ name }) => name,
  role: ({ role }) => role,
  status: ({ status }) => status,
  hint: ({ hint }) => hint,
  createdAt: ({ createdAt }) => createdAt,
  createdBy: ({ createdBy }) => createdBy,
  expiresAt: ({ expiresAt }) => expiresAt,
  lastUsedAt: ({ lastUsedAt }) => lastUsedAt,
  lastUsedAddress: ({ lastUsedAddress }) => lastUsedAddress,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof apiKeyExports.csv>["query"];

export function exportApiKeys(reads: Database, user: User, request: ListExport<Query>) {
  return exportList(
    { exports: apiKeyExports, cells: CELLS, list: (query) => listApiKeys(reads, request.now, user, query) },
    request,
  );
}
