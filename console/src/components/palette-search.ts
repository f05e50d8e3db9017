// The results of the command palette. The server searches its lists; pages and actions are listed here.
import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { getAsset, listAssets } from "@attacklens/protocol/assets.ts";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { getEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { assetId, enrollmentTokenId, sensorId } from "@attacklens/protocol/ids.ts";
import type { Permission } from "@attacklens/protocol/permissions.ts";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { listUsers } from "@attacklens/protocol/users.ts";
import type { LinkOptions } from "@tanstack/react-router";
import { callApi, problemOf } from "../api.ts";
import { paths } from "../paths.ts";
import { NAVIGATION } from "./navigation.ts";
import { SENSOR_STATUS_LOOKS, TOKEN_STATUS_LOOKS } from "./statuses.tsx";

export interface Found {
  group: string;
  id: string;
  label: string;
  hint?: string | undefined;
  link: LinkOptions;
}

const LIMIT = 5;
const MAX_TEXT = 200;

interface Source {
  permission: Permission;
  find: (q: string, signal: AbortSignal) => Promise<Found[]>;
}

const SOURCES: readonly Source[] = [
  {
    permission: "sensors:read",
    find: async (q, signal) => {
      const { items } = await callApi(listSensors, { query: { q, limit: LIMIT } }, { signal });
      return items.map(foundSensor);
    },
  },
  {
    permission: "enrollment-tokens:read",
    find: async (q, signal) => {
      const { items } = await callApi(listEnrollmentTokens, { query: { q, limit: LIMIT } }, { signal });
      return items.map(foundToken);
    },
  },
  {
    permission: "assets:read",
    find: async (q, signal) => {
      const { items } = await callApi(listAssets, { query: { q, limit: LIMIT } }, { signal });
      return items.map(({ id, name }) => ({ group: "Assets", id, label: name, link: paths.asset(id) }));
    },
  },
  {
    permission: "assets:read",
    find: async (q, signal) => {
      const { items } = await callApi(listAssetGroups, { query: { q, limit: LIMIT } }, { signal });
      return items.map(({ id, name }) => {
        const link = paths.assets({ assetGroupId: id });
        return { group: "Asset Groups", id, label: name, link };
      });
    },
  },
  {
    permission: "users:manage",
    find: async (q, signal) => {
      const { items } = await callApi(listUsers, { query: { q, limit: LIMIT } }, { signal });
      return items.map(({ id, name, email }) => {
        return { group: "Users", id, label: name, hint: email, link: paths.users({ q: email }) };
      });
    },
  },
  {
    permission: "enrollment-tokens:read",
    find: async (q, signal) => {
      const reference = q.toUpperCase();
      if (!/^E-[0-9A-Z]{4,12}$/.test(reference)) return [];
      const query = { q: reference, limit: LIMIT };
      const { items } = await callApi(listEnrollmentAttempts, { query }, { signal });
      return items
        .filter((one) => one.reference === reference)
        .map(({ id, hostname, outcome }) => {
          const link = paths.enrollmentTokens({ q: reference });
          return { group: "References", id, label: reference, hint: `${hostname}, ${outcome}`, link };
        });
    },
  },
];

type ById = [schema: { safeParse: (text: string) => { success: boolean } }, source: Source];

/** Objects by a pasted id. */
const BY_ID: readonly ById[] = [
  [
    sensorId,
    {
      permission: "sensors:read",
      find: async (id, signal) => [foundSensor(await callApi(getSensor, { params: { id } }, { signal }))],
    },
  ],
  [
    enrollmentTokenId,
    {
      permission: "enrollment-tokens:read",
      find: async (id, signal) => [
        foundToken(await callApi(getEnrollmentToken, { params: { id } }, { signal })),
      ],
    },
  ],
  [
    assetId,
    {
      permission: "assets:read",
      find: async (id, signal) => {
        const { name } = await callApi(getAsset, { params: { id } }, { signal });
        return [{ group: "Assets", id, label: name, link: paths.asset(id) }];
      },
    },
  ],
];

function foundSensor({
  id,
  hostname,
  status,
}: {
  id: string;
  hostname: string;
  status: keyof typeof SENSOR_STATUS_LOOKS;
}) {
  return {
    group: "Sensors",
    id,
    label: hostname,
    hint: SENSOR_STATUS_LOOKS[status].label,
    link: paths.sensor(id),
  };
}

function foundToken({
  id,
  name,
  status,
}: {
  id: string;
  name: string;
  status: keyof typeof TOKEN_STATUS_LOOKS;
}) {
  const hint = TOKEN_STATUS_LOOKS[status].label;
  return { group: "Enrollment Tokens", id, label: name, hint, link: paths.enrollmentToken(id) };
}

/** Searches all lists that the user may read. A list that fails has no results and never hides the others. */
export async function findObjects(
  text: string,
  permissions: readonly Permission[],
  signal: AbortSignal,
): Promise<{ found: Found[]; failure: string | undefined }> {
  const q = text.slice(0, MAX_TEXT);
  const byId = BY_ID.filter(([schema]) => schema.safeParse(q).success).map(([, source]) => source);
  const sources = (byId.length > 0 ? byId : SOURCES).filter((one) => permissions.includes(one.permission));
  const results = await Promise.allSettled(sources.map((one) => one.find(q, signal)));
  signal.throwIfAborted();
  const problems = results.flatMap((one) => (one.status === "rejected" ? [problemOf(one.reason)] : []));
  return {
    found: results.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
    failure: problems.find(({ code }) => code !== "not-found")?.detail,
  };
}

const ACTIONS: readonly { label: string; permission: Permission; link: Found["link"] }[] = [
  { label: "Create Token", permission: "enrollment-tokens:manage", link: paths.enrollmentTokenNew() },
  { label: "Create Asset Group", permission: "assets:manage", link: paths.assetGroupNew() },
  { label: "Invite user", permission: "users:manage", link: paths.userInvite() },
  { label: "Create API key", permission: "api-keys:manage", link: paths.apiKeyNew() },
  { label: "Invite user", permission: "users:manage", link: paths.userInvite() },
  { label: "Create update ring", permission: "updates:manage", link: paths.updateRingNew() },
];

/** The actions and pages whose names contain every word of the text. */
export function findCommands(text: string, permissions: readonly Permission[]): Found[] {
  const words = text.toLowerCase().split(/\s+/);
  const matches = (name: string) => words.every((word) => name.toLowerCase().includes(word));
  const actions = ACTIONS.filter(({ permission }) => permissions.includes(permission)).map(
    ({ label, link }) => ({ group: "Actions", id: label, label, link }),
  );
  const pages = NAVIGATION.filter(
    (section) => !("permission" in section) || permissions.includes(section.permission),
  ).flatMap(({ label: section, entries }) =>
    entries.map(({ label, link }) => ({ group: "Pages", id: label, label, hint: section, link })),
  );
  return [...pages, ...actions].filter(({ label, group }) => matches(`${label} ${group}`));
}
