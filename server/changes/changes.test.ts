import { expect, test } from "bun:test";
import { signOut } from "@attacklens/protocol/account.ts";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { type ChangeTopic, changeEvent, streamChanges } from "@attacklens/protocol/changes.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listUsers } from "@attacklens/protocol/users.ts";
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

async function openStream(world: World, cookie: string, headers: Record<string, string> = {}) {
  const reply = await world.fetch(streamChanges.path, { headers: { cookie, ...headers } });
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
    /** Returns the rest of the stream, once it ends. */
    async rest() {
      let rest = text;
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return rest;
        rest += value;
      }
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

for (const dialect of TESTED_DIALECTS) {
  test(`a stream ends without another change when its user is changed or signs out (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const theirs = await world.signedIn("admin");
    const query = world.db.selectFrom("user").select("id").where("role", "=", "admin");
    const { id } = await query.executeTakeFirstOrThrow();
    const path = `${listUsers.path}/${id}`;
    await using _listening = await listen(world);
    const expiresAt = new Date(world.clock.ms + 3_600_000).toISOString();
    const { value } = await world.call(createApiKey, theirs, {
      body: { name: "Watch", role: "viewer", expiresAt },
    });
    const steps: [string, unknown][] = [
      [path, { role: "viewer" }],
      [`${path}/disable`, undefined],
    ];
    // The change of the group follows in the same 200 ms as that of the user.
    for (const [index, [path, body]] of steps.entries()) {
      const stream = await openStream(world, theirs);
      const ofKey = await openStream(world, "", { authorization: `Bearer ${value}` });
      const method = body ? "PATCH" : "POST";
      expect((await world.fetch(path, jsonInit(method, body, { cookie }))).status).toBe(200);
      await world.call(createAssetGroup, cookie, { body: { name: `Group ${index}` } });
      expect(await stream.rest()).not.toContain("asset-group");
      // With its lower role, the key has the same permissions as before until its creator is disabled.
      if (body) await ofKey.topics(["asset-group"]);
      else expect(await ofKey.rest()).not.toContain("asset-group");
      await ofKey.close();
    }

    // On SQLite, another process is a command on the server host, whose changes are not announced.
    const second = await world.secondFetch();
    const stream = await openStream(world, cookie);
    expect((await second(signOut.path, jsonInit("DELETE", undefined, { cookie }))).status).toBe(204);
    await stream.rest();
  });
}

test("a user may have a limited number of streams, and they end with the server", async () => {
  await using world = await openWorld("sqlite");
  const streams = openChangeStreams(world.db, async (callers) => new Set(callers));
  const ada = { id: "usr_1", name: "Ada", email: "ada@example.com", role: "viewer" } as const;
  const readers = Array.from({ length: 20 }, () => streams.open(ada).getReader());
  expect(() => streams.open(ada)).toThrow("too-many-requests");
  await readers[0]!.cancel();
  const reader = streams.open(ada).getReader();
  await reader.read();
  streams.close();
  expect((await reader.read()).done).toBe(true);
});
