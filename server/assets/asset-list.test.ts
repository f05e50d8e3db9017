// The list of assets, compared with all rows: every filter, sort and page.
import { expect, test } from "bun:test";
import { ASSET_TYPES } from "@attacklens/protocol/assets.ts";
import { sql } from "kysely";
import { fleetId } from "../../harness/fleet-rows.ts";
import { compareText } from "../db/merge-ranges.ts";
import { hasName } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { type AssetPage, pageOfAssets } from "./assets-store.ts";

/** More than a list reads and sorts. */
const ASSETS = 2_200;
const LIMIT = 300;

interface Row {
  id: string;
  nameKey: string;
  type: string;
  assetGroupId: string | null;
  createdAt: number;
}

function expected(rows: Row[], { q, assetGroupId, type, sort, order }: AssetPage): string[] {
  const sign = order === "asc" ? 1 : -1;
  const compare = (one: Row, other: Row) =>
    (sort === "name" ? compareText(one.nameKey, other.nameKey) : one.createdAt - other.createdAt) ||
    compareText(one.id, other.id);
  return rows
    .filter(
      (row) =>
        (!q || hasName(row.nameKey, q)) &&
        (!assetGroupId || row.assetGroupId === assetGroupId) &&
        (!type || row.type === type),
    )
    .toSorted((one, other) => sign * compare(one, other))
    .map(({ id }) => id);
}

async function allPages(db: Database, page: AssetPage) {
  const ids: string[] = [];
  const totals: { total: number; totalIsCapped: boolean }[] = [];
  let cursor: string | undefined;
  do {
    const { rows, nextCursor, ...count } = await pageOfAssets(db, { ...page, cursor });
    ids.push(...rows.map(({ id }) => id));
    totals.push(count);
    cursor = nextCursor ?? undefined;
  } while (cursor);
  return { ids, totals };
}

for (const dialect of TESTED_DIALECTS) {
  test(`a list of assets has all that match, in order, on its pages (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await insertFleet(db, { sensors: ASSETS, now: 1_780_000_000_000 });
    const [one, other] = [7, 8].map((index) => fleetId("ast", index));
    await db.updateTable("asset").set({ mergedInto: one! }).where("id", "=", other!).execute();
    const stored = await db.selectFrom("asset").selectAll().where("mergedInto", "is", null).execute();
    // No laptop is in the first group, and one name is that of several assets.
    const rows = stored.map((asset, index): Row => {
      const type = asset.assetGroupId === fleetId("grp", 1) ? "server" : ASSET_TYPES[index % 4]!;
      const nameKey = index % 100 === 0 ? "host-0 twin" : asset.nameKey;
      return { ...asset, type, nameKey, createdAt: Number(asset.createdAt) };
    });
    await db.transaction().execute(async (tx) => {
      for (const { id, type, nameKey } of rows)
        await tx
          .updateTable("asset")
          .set({ type: type as never, nameKey })
          .where("id", "=", id)
          .execute();
    });
    if (dialect === "sqlite") {
      // No trigger follows a name, which never changes.
      await sql`delete from asset_search`.execute(db);
      await sql`insert into asset_search (name_key, asset_id) select name_key, id from asset`.execute(db);
    }
    const filters = [undefined, 1, 2, 21].flatMap((group) =>
      [undefined, "server", "laptop", "desktop"].flatMap((type) =>
        [undefined, "example", "host-0", "twin", "ho", "no such"].map((q) => ({
          ...(group === undefined ? {} : { assetGroupId: fleetId("grp", group) }),
          ...(type === undefined ? {} : { type: type as AssetPage["type"] }),
          ...(q === undefined ? {} : { q }),
        })),
      ),
    );
    for (const [index, filter] of filters.entries())
      for (const sort of ["name", "createdAt"] as const) {
        const order = (index + Number(sort === "name")) % 2 === 0 ? "asc" : "desc";
        const count = index % 3 === 0 ? ("exact" as const) : undefined;
        const page: AssetPage = { ...filter, sort, order, limit: LIMIT, count };
        const { ids, totals } = await allPages(db, page);
        const wanted = expected(rows, page);
        expect({ page, ids }).toEqual({ page, ids: wanted });
        const isRight = ({ total, totalIsCapped }: (typeof totals)[number]) =>
          totalIsCapped ? !count && wanted.length > LIMIT && total <= wanted.length : total === wanted.length;
        expect({ page, wrong: totals.filter((count) => !isRight(count)) }).toEqual({ page, wrong: [] });
      }
  }, 60_000);
}
