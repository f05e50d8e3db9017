// The list of sensors with each filter and sort, for tests of its query plans.
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { fleetId } from "../../harness/fleet-rows.ts";
import { pageOfSensors } from "../sensors/sensor-list-store.ts";
import type { SensorPage } from "../sensors/sensor-page-store.ts";
import { type Listing, twoPages } from "./update-lists.ts";

const SORTS = listSensors.query.shape.sort.unwrap().options;
const [token, otherToken, noToken] = [1, 2, 21].map((index) => fleetId("tok", index));
const [group, otherGroup, noGroup] = [1, 2, 21].map((index) => fleetId("grp", index));

/** `onlineSince`: the earliest last check-in of a sensor that is online. */
export function sensorLists(onlineSince: number): Listing[] {
  const filters: Partial<SensorPage>[] = [
    {},
    { q: "host-0" },
    { q: "no such host" },
    { q: "zz" },
    ...(
      [
        "removed",
        "replaced",
        "uninstalled",
        "blocked",
        "awaiting-approval",
        "pending",
        "online",
        "offline",
      ] as const
    ).flatMap((status) => [{ status }, { status, q: "no such host" }]),
    ...(["linux", "windows", "darwin"] as const).map((platform) => ({ platform })),
    ...[token, otherToken, noToken].map((enrollmentTokenId) => ({ enrollmentTokenId })),
    ...[group, otherGroup, noGroup].map((assetGroupId) => ({ assetGroupId })),
    ...["2026.11.0", "no-such"].map((version) => ({ version })),
    { tag: "no-such,pci" },
    { seenBefore: new Date(onlineSince - 3_600_000).toISOString() },
    ...["10.0.0.7", "10.0.0.0/15", "10.9.9.9", "2001:db8::/32"].map((address) => ({ address })),
    { version: "2026.11.0", enrollmentTokenId: token, status: "offline,pending" },
    { match: "any" },
    { status: "online", platform: "darwin" },
    { status: "online", platform: "linux", enrollmentTokenId: token, assetGroupId: group },
    { status: "offline", enrollmentTokenId: noToken, match: "any" },
    { platform: "windows", assetGroupId: otherGroup, q: "example" },
  ];
  // Each filter with each sort, but not always in both orders, because an index is read in either direction.
  const ordersOf = ({ q }: Partial<SensorPage>, turn: number) =>
    turn < SORTS.length ? (["asc", "desc"] as const) : ([q || turn % 2 === 0 ? "asc" : "desc"] as const);
  return SORTS.flatMap((sort, nthSort) =>
    filters.flatMap((filter, index): Listing[] =>
      ordersOf(filter, index * SORTS.length + nthSort).map((order) => [
        `sensors ${JSON.stringify(filter)} by ${sort} ${order}`,
        (db) =>
          twoPages((cursor) => pageOfSensors(db, onlineSince, { ...filter, sort, order, limit: 50, cursor })),
      ]),
    ),
  );
}

/** The sensors of a token, by each sort. */
export const TOKEN_LISTS = (["hostname", "lastSeenAt", "enrolledAt"] as const).map(
  (sort) =>
    sensorLists(0)
      .map(([name]) => name)
      .find((name) => name.startsWith(`sensors ${JSON.stringify({ enrollmentTokenId: token })} by ${sort}`))!,
) as [string, string, string];
