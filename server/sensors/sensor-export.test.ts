// Exports of the list of sensors: the filter, the columns, and cells that are no formulas.
import { expect, test } from "bun:test";
import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { openFleet } from "../testing/test-fleet.ts";
import { TESTED_DIALECTS } from "../testing/test-world.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`an export has exactly the filtered sensors, of all pages, with the chosen columns (${dialect})`, async () => {
    await using fleet = await openFleet(dialect, { tags: ["east", "db"] });
    const { world, cookie } = fleet;
    await insertFleet(world.db, { sensors: 450, now: world.clock.ms });
    const { id } = await fleet.enroll("web-1", {});
    await world.db
      .updateTable("sensor")
      .set({ hostname: '=cmd("x"),1', hostnameKey: '=cmd("x"),1' })
      .where("id", "=", id)
      .execute();
    const read = async (path: string) => {
      const reply = await world.fetch(path, { headers: { cookie } });
      return { type: reply.headers.get("content-type"), text: await reply.text() };
    };

    const csv = await read(`${sensorExports.csv.path}?q=cmd&columns=hostname,tags,status`);
    expect(csv.type).toBe("text/csv");
    expect(csv.text.split("\r\n").slice(1)).toEqual([
      "hostname,tags,status",
      `"'=cmd(""x""),1",east db,pending`,
      "",
    ]);
    const header = JSON.parse(/\{.*\}/.exec(csv.text.split("\r\n")[0]!.replaceAll('""', '"'))![0]);
    expect(header).toMatchObject({ exportedAt: "2026-11-24T09:00:00.000Z", filter: { q: "cmd" } });

    const lines = (await read(`${sensorExports.jsonLines.path}?platform=linux&sort=enrolledAt`)).text;
    const [first, ...rows] = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ type: "attacklens-sensors", filter: { platform: "linux" } });
    const all: string[] = [];
    let cursor: string | null | undefined;
    do {
      const query = new URLSearchParams({ platform: "linux", sort: "enrolledAt", limit: "200" });
      if (cursor) query.set("cursor", cursor);
      const reply = await world.fetch(`/api/v1/sensors?${query}`, { headers: { cookie } });
      const page = (await reply.json()) as { items: { id: string }[]; nextCursor: string | null };
      all.push(...page.items.map((sensor) => sensor.id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(rows.map((row: { id: string }) => row.id)).toEqual(all);
    expect(all.length).toBeGreaterThan(200);

    const refused = await world.fetch(`${sensorExports.csv.path}?columns=secret`, { headers: { cookie } });
    expect(refused.status).toBe(422);
  });
}
