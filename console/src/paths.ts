// The only builder of URLs: every link, redirect and navigation in the console uses it.
import type { listApiKeys } from "@attacklens/protocol/api-keys.ts";
import type { listAuditEvents } from "@attacklens/protocol/audit-events.ts";
import type { GuideId } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import type { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import type { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { listSensors } from "@attacklens/protocol/sensors.ts";
import type { listUpdateHosts } from "@attacklens/protocol/update-rings.ts";
import type { listUsers } from "@attacklens/protocol/users.ts";
import { linkOptions } from "@tanstack/react-router";
import { toLine } from "./components/line-search.ts";
import type { ListSearch } from "./components/list-search.ts";

/** `token`: id of the token whose hosts are awaited. */
export interface DeploySearch {
  guide?: GuideId;
  token?: string;
  proxy?: string;
}

export type SensorTab = "overview" | Category;

export const paths = {
  setup: () => linkOptions({ to: "/setup" }),
  signIn: (then?: string) => linkOptions({ to: "/sign-in", search: then && then !== "/" ? { then } : {} }),
  secondFactor: (then?: string) =>
    linkOptions({ to: "/second-factor", search: then && then !== "/" ? { then } : {} }),
  accountAuthenticator: () => linkOptions({ to: "/account/authenticator-app" }),
  account: () => linkOptions({ to: "/account" }),
  accountName: () => linkOptions({ to: "/account/name" }),
  accountPassword: () => linkOptions({ to: "/account/password" }),
  home: () => linkOptions({ to: "/" }),
  sensors: (filter: ListSearch<typeof listSensors> = {}) =>
    linkOptions({ to: "/sensors", search: toLine(filter) }),
  sensor: (sensorId: string, tab: SensorTab = "overview") =>
    tab === "overview"
      ? linkOptions({ to: "/sensors/$sensorId/overview", params: { sensorId } })
      : linkOptions({ to: "/sensors/$sensorId/$category", params: { sensorId, category: tab } }),
  sensorHistory: (sensorId: string) =>
    linkOptions({ to: "/sensors/$sensorId/history", params: { sensorId } }),
  /** The ports of a sensor, filtered by facets. */
  sensorPorts: (sensorId: string, where: string) =>
    linkOptions({
      to: "/sensors/$sensorId/$category",
      params: { sensorId, category: "ports" },
      search: { where },
    }),
  enrollmentTokens: (filter: ListSearch<typeof listEnrollmentTokens> = {}) =>
    linkOptions({ to: "/sensors/tokens", search: filter }),
  enrollmentTokenNew: () => linkOptions({ to: "/sensors/tokens/new" }),
  enrollmentToken: (tokenId: string) => linkOptions({ to: "/sensors/tokens/$tokenId", params: { tokenId } }),
  /** `proposal`: suggested changes, which the dialog fills in. */
  enrollmentTokenEdit: (tokenId: string, proposal: Record<string, string> = {}) =>
    linkOptions({ to: "/sensors/tokens/$tokenId/edit", params: { tokenId }, search: proposal }),
  enrollmentTokenRotate: (tokenId: string) =>
    linkOptions({ to: "/sensors/tokens/$tokenId/rotate", params: { tokenId } }),
  enrollments: (filter: ListSearch<typeof listEnrollmentAttempts> = {}) =>
    linkOptions({ to: "/sensors/enrollments", search: filter }),
  enrollmentTokenHistory: (tokenId: string) =>
    linkOptions({ to: "/sensors/tokens/$tokenId/history", params: { tokenId } }),
  rollout: (tokenId: string) => linkOptions({ to: "/sensors/tokens/$tokenId/rollout", params: { tokenId } }),
  rolloutExpected: (tokenId: string) =>
    linkOptions({ to: "/sensors/tokens/$tokenId/rollout/expected", params: { tokenId } }),
  deploy: (search: DeploySearch = {}) => linkOptions({ to: "/sensors/deploy", search }),
  updates: () => linkOptions({ to: "/sensors/updates" }),
  updateHosts: (filter: ListSearch<typeof listUpdateHosts> = {}) =>
    linkOptions({ to: "/sensors/updates/hosts", search: filter }),
  updateRingNew: () => linkOptions({ to: "/sensors/updates/rings/new" }),
  updateRingEdit: (ringId: string) =>
    linkOptions({ to: "/sensors/updates/rings/$ringId/edit", params: { ringId } }),
  updateRingHistory: (ringId: string) =>
    linkOptions({ to: "/sensors/updates/rings/$ringId/history", params: { ringId } }),
  apiKeys: (filter: ListSearch<typeof listApiKeys> = {}) =>
    linkOptions({ to: "/settings/api-keys", search: filter }),
  system: () => linkOptions({ to: "/settings/system" }),
  apiKeyNew: () => linkOptions({ to: "/settings/api-keys/new" }),
  apiKeyHistory: (keyId: string) =>
    linkOptions({ to: "/settings/api-keys/$keyId/history", params: { keyId } }),
  users: (filter: ListSearch<typeof listUsers> = {}) => linkOptions({ to: "/team/users", search: filter }),
  userInvite: () => linkOptions({ to: "/team/users/invite" }),
  userRole: (userId: string) => linkOptions({ to: "/team/users/$userId/role", params: { userId } }),
  userHistory: (userId: string) => linkOptions({ to: "/team/users/$userId/history", params: { userId } }),
  auditLog: (filter: ListSearch<typeof listAuditEvents> = {}) =>
    linkOptions({ to: "/settings/audit", search: filter }),
  assets: (filter: { assetGroupId?: string } = {}) => linkOptions({ to: "/assets", search: filter }),
  asset: (assetId: string) => linkOptions({ to: "/assets/$assetId", params: { assetId } }),
  assetHistory: (assetId: string) => linkOptions({ to: "/assets/$assetId/history", params: { assetId } }),
  assetType: (assetId: string) => linkOptions({ to: "/assets/$assetId/type", params: { assetId } }),
  assetMove: (assetId: string) => linkOptions({ to: "/assets/$assetId/move", params: { assetId } }),
  assetGroups: () => linkOptions({ to: "/assets/groups" }),
  assetGroupNew: () => linkOptions({ to: "/assets/groups/new" }),
  assetGroupHistory: (groupId: string) =>
    linkOptions({ to: "/assets/groups/$groupId/history", params: { groupId } }),
  assetGroupEdit: (groupId: string) =>
    linkOptions({ to: "/assets/groups/$groupId/edit", params: { groupId } }),
};

/** Parses the query of a URL as plain text: in `?q=22`, q is the text 22. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const entries = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
  const text = entries.map(([name, value]) => `${encode(name)}=${encode(String(value))}`).join("&");
  return text && `?${text}`;
}

/** Leaves the characters of filters readable, which need no escape in a query (RFC 3986, section 3.4). */
const encode = (text: string) =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll("%20", "+")
    .replace(/%(?:3A|2C|2F|40)/g, decodeURIComponent);

/** The search of the sign-in page: the page to open after sign-in. */
export function readThen(search: Record<string, unknown>): { then?: string } {
  // biome-ignore lint/suspicious/noThenProperty: a text in the URL, never a function
  return typeof search.then === "string" ? { then: search.then } : {};
}

/** The page to open after sign-in: a path of this console, or `/`. Never another site. */
export function pathAfterSignIn(then: string | undefined): string {
  if (!then?.startsWith("/") || /^\/[/\\]/.test(then)) return "/";
  const base = "http://console.invalid";
  const url = URL.canParse(then, base) ? new URL(then, base) : undefined;
  return url?.origin === base ? url.pathname + url.search + url.hash : "/";
}
