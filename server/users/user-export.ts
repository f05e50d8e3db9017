// Exports the list of users.
import { userExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { User as WireUser } from "@attacklens/protocol/users.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listUsers } from "./user-list.ts";

const CELLS: ListCells<WireUser, (typeof userExports.columns)[number]> = {
  name: ({ name }) => name,
  email: ({ email }) => email,
  role: ({ role }) => role,
  status: ({ status }) => status,
  lastSignInAt: ({ lastSignInAt }) => lastSignInAt,
  createdAt: ({ createdAt }) => createdAt,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof userExports.csv>["query"];

export function exportUsers(reads: Database, user: User, request: ListExport<Query>) {
  return exportList(
    { exports: userExports, cells: CELLS, list: (query) => listUsers(reads, request.now, user, query) },
    request,
  );
}
