// Saved views of lists. A view is a name for the search of a list page. It has no effect on what its users
// may read.
import { z } from "zod";
import { listApiKeys } from "./api-keys.ts";
import { listAssetGroups } from "./asset-groups.ts";
import { listAssets } from "./assets.ts";
import { listAuditEvents } from "./audit-events.ts";
import { listEnrollmentAttempts } from "./enrollment-attempts.ts";
import { listEnrollmentTokens } from "./enrollment-tokens.ts";
import { viewId } from "./ids.ts";
import { isSearchName, isSearchValue } from "./list-search.ts";
import { can } from "./page.ts";
import type { Permission } from "./permissions.ts";
import { type Route, route } from "./route.ts";
import { listSensors } from "./sensors.ts";
import { instant, label } from "./text.ts";
import { listUpdateHosts } from "./update-rings.ts";
import { listUsers } from "./users.ts";

/** The lists that can have views, with the route whose query a view keeps. */
const LISTS = {
  sensors: listSensors,
  "enrollment-tokens": listEnrollmentTokens,
  enrollments: listEnrollmentAttempts,
  "update-hosts": listUpdateHosts,
  assets: listAssets,
  "asset-groups": listAssetGroups,
  users: listUsers,
  "api-keys": listApiKeys,
  "audit-log": listAuditEvents,
} as const satisfies Record<string, Route & { access: Permission }>;

export type ViewList = keyof typeof LISTS;
export const VIEW_LISTS = Object.keys(LISTS) as [ViewList, ...ViewList[]];

export const MAX_VIEWS_OF_USER = 100;
export const MAX_SHARED_VIEWS_OF_LIST = 100;
const MAX_SEARCH_CHARACTERS = 8_000;

/** The permission that the list's users have. */
export function viewListPermission(list: ViewList): Permission {
  return LISTS[list].access;
}

/** Returns the text of a search in one order of its parameters, so that equal searches are equal texts. */
export function searchText(search: Record<string, unknown>): string {
  const entries = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(entries.map(([name, value]) => [name, String(value)]));
  query.sort();
  return query.toString();
}

/** Returns what is wrong with the search of a view, in a sentence that begins with `search`. */
export function searchMistake(list: ViewList, text: string): string | undefined {
  const names = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!isSearchName(LISTS[list], name)) return `must have only parameters of the list, not ${shown(name)}`;
    if (names.has(name)) return `must have ${name} only once`;
    names.add(name);
    if (!isSearchValue(LISTS[list], name, value))
      return `has a value of ${name} that the list does not accept`;
  }
  return undefined;
}

const shown = (name: string) => JSON.stringify(name.slice(0, 40));

const search = z
  .string()
  .max(MAX_SEARCH_CHARACTERS)
  .regex(/^[\w.~*%+&=-]*$/, "must be a query string, such as status=active&sort=hostname")
  .meta({
    description: "Query string of the list's page, with the parameters of the list's route and `columns`",
    example: "platform=linux&sort=lastSeenAt&order=desc",
  });
const isShared = z.boolean().meta({
  description: "Everyone who can read the list sees the view. Needs the Posture Manager role",
});

export const view = z
  .object({
    id: viewId,
    list: z.enum(VIEW_LISTS),
    name: z.string(),
    search: z.string(),
    isShared: z.boolean(),
    isOwn: z.boolean().meta({ description: "The caller made it" }),
    owner: z.string().meta({ description: "Name of the user who made it, who may be deleted by now" }),
    updatedAt: instant,
    can: z.object({ update: can, delete: can }),
  })
  .meta({ id: "View" });
export type View = z.infer<typeof view>;

const params = z.strictObject({ id: viewId });
const base = "/api/v1/views";

export const listViews = route({
  name: "views.list",
  method: "GET",
  path: base,
  access: "signed-in",
  needsSession: true,
  tag: "Views",
  summary: "List the caller's views of a list and the shared ones, by name",
  query: z.strictObject({ list: z.enum(VIEW_LISTS) }),
  status: 200,
  output: z.object({ items: z.array(view) }),
  problems: ["permission-missing"],
});

export const createView = route({
  name: "views.create",
  method: "POST",
  path: base,
  access: "signed-in",
  needsSession: true,
  tag: "Views",
  summary: "Save a view of a list. Its name must be unique among the caller's views of the list",
  body: z.strictObject({ list: z.enum(VIEW_LISTS), name: label, search, isShared: isShared.default(false) }),
  creates: true,
  status: 201,
  output: view,
  problems: ["permission-missing", "name-taken", "state-conflict"],
});

export const updateView = route({
  name: "views.update",
  method: "PATCH",
  path: `${base}/{id}`,
  access: "signed-in",
  needsSession: true,
  tag: "Views",
  summary: "Change the name or the search of an own view, share it, or stop sharing it",
  params,
  body: z
    .strictObject({ name: label, search, isShared })
    .partial()
    .refine((body) => Object.keys(body).length > 0, "must change something"),
  status: 200,
  output: view,
  problems: ["permission-missing", "name-taken", "state-conflict"],
});

export const deleteView = route({
  name: "views.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  access: "signed-in",
  needsSession: true,
  tag: "Views",
  summary: "Delete a view: its owner, or for a shared one an Admin",
  params,
  status: 204,
  problems: ["permission-missing"],
});
