// What a page of the list of sensors must have: its filters and sorts in JavaScript, over all rows.
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { parseList } from "@attacklens/protocol/text-list.ts";
import { compareText } from "../db/merge-ranges.ts";
import { hasName } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { addressKey, isInNetworks, parseNetwork } from "../networks.ts";
import { type Limits, pageOfSensors } from "../sensors/sensor-list-store.ts";
import type { SensorPage } from "../sensors/sensor-page-store.ts";
import { FACTS } from "./fleet-changes.ts";
import type { Row } from "./sensor-recount.ts";

const withZeros = (version: string) =>
  version
    .split(".")
    .map((part) => part.padStart(6, "0"))
    .join(".");

/** What each column sorts by, before the id. */
export const SORTS: Record<SensorPage["sort"], (row: Row) => (string | number)[]> = {
  hostname: ({ hostname }) => [hostname],
  lastSeenAt: ({ lastSeenAt }) => [lastSeenAt],
  enrolledAt: ({ enrolledAt }) => [enrolledAt],
  status: ({ status, hostname }) => [SENSOR_STATUSES.indexOf(status), hostname],
  os: ({ os, hostname }) => [os, hostname],
  architecture: ({ architecture, hostname }) => [architecture, hostname],
  version: ({ version, hostname }) => [withZeros(version), hostname],
  asset: ({ asset }) => asset,
  assetGroup: ({ names, hostname }) => [names.group, hostname],
  address: ({ address }) => [addressKey(address)],
  enrollmentToken: ({ names, hostname }) => [names.token, hostname],
  tags: ({ names, hostname }) => [names.tags, hostname],
};

const hasFact = (row: Row, q: string) =>
  row.address === q || FACTS.some(([stored, typed]) => typed === q && row.identifiers.includes(stored));

/** Returns the ids of the sensors of all pages, in their order. */
export function expected(rows: Row[], page: SensorPage): string[] {
  const matching = rows.filter(
    (row) =>
      (page.status?.split(",").includes(row.status) ?? !["removed", "replaced"].includes(row.status)) &&
      (page.platform?.split(",").includes(row.platform) ?? true) &&
      (!page.version || parseList(page.version)!.includes(row.version)) &&
      (!page.tag || parseList(page.tag)!.some((tag) => row.tags.includes(tag))) &&
      (!page.address || isInNetworks(row.address, [parseNetwork(page.address)!])) &&
      (!page.seenBefore || row.lastSeenAt < Date.parse(page.seenBefore)) &&
      (!page.enrollmentTokenId || row.token === page.enrollmentTokenId) &&
      (!page.assetGroupId || row.group === page.assetGroupId) &&
      (!page.match || row.hasMatch) &&
      (!page.q || hasName(row.hostname, page.q) || row.id === page.q || hasFact(row, page.q)),
  );
  const sign = page.order === "asc" ? 1 : -1;
  const compare = (one: Row, other: Row) => {
    const others = [...SORTS[page.sort](other), other.id];
    const byValue = [...SORTS[page.sort](one), one.id].map((value, index) =>
      typeof value === "number" ? value - Number(others[index]) : compareText(value, String(others[index])),
    );
    return sign * (byValue.find((result) => result !== 0) ?? 0);
  };
  return matching.toSorted(compare).map(({ id }) => id);
}

/** Returns the ids of all pages, and each total that one of them gives. */
export async function allPages(db: Database, since: number, page: SensorPage, limits?: Limits) {
  const ids: string[] = [];
  const totals: string[] = [];
  let cursor: string | undefined;
  do {
    const { rows, nextCursor, total, totalIsCapped } = await pageOfSensors(
      db,
      since,
      { ...page, cursor },
      limits,
    );
    ids.push(...rows.map(({ id }) => id));
    totals.push(`${total}${totalIsCapped ? "+" : ""}`);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return { ids, totals: [...new Set(totals)] };
}
