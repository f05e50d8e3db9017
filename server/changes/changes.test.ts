import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { type ChangeTopic, changeEvent, streamChanges } from "@attacklens/protocol/changes.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { onChanges } from "../db/changes.ts";
import { listenForChanges } from "../db/listen.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { openChangeStreams } from "./changes.ts";

/** Listens like a server. Returns once the first notification has arrived. */
async function listen(world: World): Promise<AsyncDisposable | undefined> {
  if (world.databaseUrl === undefined) return undefined;
  const listening = listenForChanges(world.db, world.databaseUrl);
  const { sql } = await import("kysely");
  let isHeard = false;
  const stop = onChanges(world.db, () => {
    isHeard = true;
  });
  await waitUntil("the server receives notifications", async () => {
    await sql`select pg_notify('attacklens_changes', 'user')`.execute(world.db);
    return isHeard;
  });
  stop();
  return listening;
}

async function openStream(world: World, cookie: string) {
  const reply = await world.fetch(streamChanges.path, { headers: { cookie } });
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    reply,
    /** Reads events until all wanted topics have arrived. Returns all topics so far. */
    async topics(wanted: readonly ChangeTopic[]) {
      const got = new Set<ChangeTopic>();
      while (!wanted.every((topic) => got.has(topic))) {
        const event = /event: change\ndata: (.*)\n\n/.exec(text);
        if (event) {
          text = text.slice(event.index + event[0].length);
          for (const topic of changeEvent.parse(JSON.parse(event[1]!)).topics) got.add(topic);
          continue;
        }
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream ended");
        text += value;
      }
      return got;
    },
    close: () => reader.cancel(),
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`a stream shows changes by users and by sensors on any server (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    await using _listening = await listen(world);
    const stream = await openStream(world, cookie);
    expect(stream.reply.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.reply.headers.get("x-accel-buffering")).toBe("no");

    // SQLite has one server. On PostgreSQL, another server makes the changes.
    const fetch = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    const body = { name: "Live", scope: { type: "all-assets" }, expiresAt: null };
    const created = await fetch(createEnrollmentToken.path, jsonInit("POST", body, { cookie }));
    const { value } = (await created.json()) as { value: string };
    await stream.topics(["enrollment-token"]);

    const sensor = makeTestSensor();
    const enroll = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, {
      token: value,
    });
    expect((await fetch("/sensor/v1/enroll", enroll)).status).toBe(201);
    await stream.topics(["sensor", "asset"]);
    await stream.close();
  });

  test(`a refused change is not announced (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    await world.call(createAssetGroup, cookie, { body: { name: "Taken" } });
    await using _listening = await listen(world);
    const heard: ChangeTopic[] = [];
    onChanges(world.db, (topics) => heard.push(...topics));
    const refused = await world.fetch(createAssetGroup.path, jsonInit("POST", { name: "taken" }, { cookie }));
    expect(refused.status).toBe(409);
    // Announcements keep their order, so the refused change would have arrived before this one.
    await world.call(createEnrollmentToken, cookie, {
      body: { name: "After", scope: { type: "all-assets" }, expiresAt: null },
    });
    await waitUntil("the later change is announced", () => heard.includes("enrollment-token"));
    expect(heard).not.toContain("asset-group");
  });
}

test("a user may have a limited number of streams, and they end with the server", async () => {
  await using world = await openWorld("sqlite");
  const streams = openChangeStreams(world.db);
  const readers = Array.from({ length: 20 }, () => streams.open("usr_1").getReader());
  expect(() => streams.open("usr_1")).toThrow("too-many-requests");
  await readers[0]!.cancel();
  const reader = streams.open("usr_1").getReader();
  await reader.read();
  streams.close();
  expect((await reader.read()).done).toBe(true);
});
