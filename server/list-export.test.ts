// Exports of lists: all rows of the list in its order, with the chosen columns, for those who may read it.
import { expect, test } from "bun:test";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import {
  apiKeyExports,
  assetExports,
  assetGroupExports,
  enrollmentExports,
  LIST_EXPORTS,
  tokenExports,
  userExports,
} from "@attacklens/protocol/list-exports.ts";
import { writeExport } from "./list-export.ts";
import { openFleet } from "./testing/test-fleet.ts";
import { TESTED_DIALECTS } from "./testing/test-world.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`an export has the rows of its list, and no secret (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world } = fleet;
    const admin = await world.signedIn("super-admin");
    const viewer = await world.signedIn("viewer");
    await world.call(createAssetGroup, admin, { body: { name: "=1+1" } });
    const key = await world.call(createApiKey, admin, {
      body: { name: "Deploy", role: "viewer", expiresAt: new Date(world.clock.ms + 1e9).toISOString() },
    });
    const token = await world.call(createEnrollmentToken, admin, {
      body: { name: "Unused", scope: { type: "all-assets" }, expiresAt: null },
    });
    await fleet.enroll("web-1", {});
    await fleet.enroll("web-2", {});
    const read = async (path: string, cookie = admin) =>
      await (await world.fetch(path, { headers: { cookie } })).text();

    const texts = [];
    for (const { csv, jsonLines } of LIST_EXPORTS) {
      const [lines, table] = [await read(jsonLines.path), await read(csv.path)];
      texts.push(lines, table);
      const [header, ...rows] = lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(table.split("\r\n")[1]).toBe(header.columns.join());
      expect(table.trim().split("\r\n")).toHaveLength(rows.length + 2);
      const list = csv.path
        .replace(/^(.*)-export\.csv$/, "$1s")
        .replace("enrollments", "enrollment-attempts");
      const { items } = JSON.parse(await read(list)) as { items: { id: string }[] };
      expect([csv.path, ...rows.map((row: { id: string }) => row.id)]).toEqual([
        csv.path,
        ...items.map(({ id }) => id),
      ]);
      expect(rows.length).toBeGreaterThan(0);
    }
    expect(texts.join()).not.toContain(key.value);
    expect(texts.join()).not.toContain(token.value);

    expect(await read(`${assetExports.csv.path}?columns=sensor,name&sort=name&order=desc&q=web`)).toEndWith(
      "\r\nsensor,name\r\nweb-2,web-2\r\nweb-1,web-1\r\n",
    );
    expect(await read(`${assetGroupExports.csv.path}?columns=name`)).toContain("\r\n'=1+1\r\n");
    expect(await read(`${enrollmentExports.csv.path}?columns=result,hostname&q=web-1`)).toEndWith(
      "\r\nresult,hostname\r\naccepted,web-1\r\n",
    );
    expect(await read(`${tokenExports.csv.path}?columns=scope,enrolledSensors&order=asc`)).toEndWith(
      "\r\nall-assets,2\r\nall-assets,0\r\n",
    );
    for (const { csv } of [userExports, apiKeyExports])
      expect(JSON.parse(await read(csv.path, viewer)).code).toBe("permission-missing");
    expect(JSON.parse(await read(`${userExports.csv.path}?columns=password`)).code).toBe("input-invalid");
  });
}

test("an export reads the next page only after its reader has taken the last one", async () => {
  const reads: (string | undefined)[] = [];
  const shape = { noun: "API keys", format: "jsonl", header: { at: 1 }, csvColumns: [] } as const;
  const parts = writeExport<number>(
    { ...shape, csvRow: () => [], jsonRow: (row) => ({ row }) },
    async (at) => {
      reads.push(at.cursor);
      return { rows: [reads.length], nextCursor: reads.length < 3 ? `after ${reads.length}` : null };
    },
  );
  expect((await parts.next()).value).toBe('{"type":"attacklens-api-keys","at":1}\n');
  expect(reads).toEqual([]);
  expect((await parts.next()).value).toBe('{"row":1}\n');
  expect(reads).toEqual([undefined]);
  await parts.return(undefined);
  expect(reads).toHaveLength(1);
});
