// A repeated request with the same Idempotency-Key gets the same object, and only its last secret works.
import { expect, test } from "bun:test";
import { createApiKey, listApiKeys, revokeApiKey } from "@attacklens/protocol/api-keys.ts";
import {
  createAssetGroup,
  deleteAssetGroup,
  listAssetGroups,
  renameAssetGroup,
} from "@attacklens/protocol/asset-groups.ts";
import { checkToken } from "@attacklens/protocol/enroll.ts";
import {
  createEnrollmentToken,
  deleteEnrollmentToken,
  listEnrollmentTokens,
  pauseEnrollmentToken,
  revokeEnrollmentToken,
  rotateEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { createTicket } from "@attacklens/protocol/sensors.ts";
import { verifyChain } from "./audit/verify-chain.ts";
import {
  actions,
  callWith,
  DAY_MS,
  enroll,
  KEY,
  reEnroll,
  send,
  tokenBody,
} from "./testing/test-repetition.ts";
import { drawDialects, jsonInit, openWorld } from "./testing/test-world.ts";

for (const dialect of drawDialects()) {
  test(`a repeated request for a token returns the same token; the lost value is invalid on every server (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const secondFetch = await world.secondFetch();
    const lost = await send(world, cookie, createEnrollmentToken, tokenBody);
    // Both servers cache the value that becomes invalid.
    for (const fetch of [world.fetch, secondFetch]) {
      const authorization = `Bearer ${lost.value}`;
      const asked = await fetch(checkToken.path, jsonInit("POST", { hostname: "web-01" }, { authorization }));
      expect(asked.status).toBe(200);
    }
    const again = await send(world, cookie, createEnrollmentToken, tokenBody);
    expect(again).toMatchObject({ status: 201, id: lost.id });
    expect(again.value).not.toBe(lost.value);
    expect((await enroll(world, lost.value)).outcome).toBe("token-unknown");
    expect((await enroll(world, lost.value, secondFetch)).outcome).toBe("token-unknown");
    expect((await enroll(world, again.value, secondFetch)).outcome).toBe("enrolled");

    const { items } = await world.call(listEnrollmentTokens, cookie);
    expect(items.map(({ id, hint }) => [id, hint])).toEqual([[lost.id, again.value.slice(-4)]]);
    expect((await actions(world)).filter((line) => line.includes(lost.id))).toEqual([
      `enrollment-token.created ${lost.id}`,
      `enrollment-token.value-replaced ${lost.id}`,
    ]);
    expect((await verifyChain(world.db)).findings).toEqual([]);
    const stored = JSON.stringify(await world.db.selectFrom("idempotencyKey").selectAll().execute());
    for (const secret of [lost.value, again.value, KEY.slice(1, -1)]) expect(stored).not.toContain(secret);
  });

  test(`a repeated rotation returns the same successor and rotates once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const old = await send(world, cookie, createEnrollmentToken, tokenBody);
    const params = { id: old.id };
    const body = {
      name: "Second",
      expiresAt: null,
      oldExpiresAt: new Date(world.clock.ms + 60_000).toISOString(),
    };
    // The same key on another route is a different key.
    const lost = await send(world, cookie, rotateEnrollmentToken, body, { params });
    world.clock.ms += 30_000;
    const again = await send(world, cookie, rotateEnrollmentToken, body, { params });
    expect([again.status, again.id]).toEqual([201, lost.id]);
    expect((await enroll(world, lost.value)).outcome).toBe("token-unknown");
    expect((await enroll(world, again.value)).outcome).toBe("enrolled");
    expect((await enroll(world, old.value)).outcome).toBe("enrolled");
    expect((await actions(world)).filter((line) => line.startsWith("enrollment-token.rotated"))).toHaveLength(
      1,
    );
    const third = await send(
      world,
      cookie,
      createEnrollmentToken,
      { ...tokenBody, name: "Third" },
      { key: '"3"' },
    );
    const other = await send(world, cookie, rotateEnrollmentToken, body, { params: { id: third.id } });
    expect([other.status, other.code]).toEqual([422, "idempotency-key-reused"]);
  });

  test(`a repeated request for an API key leaves one key, and only its last value works (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const secondFetch = await world.secondFetch();
    const body = {
      name: "Deploy",
      role: "viewer",
      expiresAt: new Date(world.clock.ms + DAY_MS).toISOString(),
    };
    const lost = await send(world, cookie, createApiKey, body);
    const again = await send(world, cookie, createApiKey, body);
    expect([again.status, again.id]).toEqual([201, lost.id]);
    for (const fetch of [world.fetch, secondFetch]) {
      expect(await callWith(world, lost.value, fetch)).toBe("refused");
      expect(await callWith(world, again.value, fetch)).toBe("accepted");
    }
    expect((await world.call(listApiKeys, cookie)).items).toHaveLength(1);
    expect((await actions(world)).filter((line) => line.startsWith("api-key"))).toEqual([
      `api-key.created ${lost.id}`,
      `api-key.value-replaced ${lost.id}`,
    ]);
    const late = await send(world, cookie, createApiKey, body);
    expect([late.status, late.code]).toEqual([409, "state-conflict"]);
    expect(late.detail).toContain("was used at");
    expect(await callWith(world, again.value, world.fetch)).toBe("accepted");
    await world.call(revokeApiKey, cookie, { params: { id: lost.id } });
    expect((await send(world, cookie, createApiKey, body)).detail).toContain("was revoked at");
  });

  test(`a repeated request for a ticket returns the same ticket with a new value (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value: token } = await send(world, cookie, createEnrollmentToken, tokenBody);
    const { sensorId } = await enroll(world, token);
    const ask = (key = KEY) =>
      send(world, cookie, createTicket, undefined, { params: { id: sensorId }, key });
    const lost = await ask();
    const again = await ask();
    expect(again.status).toBe(201);
    expect(await world.db.selectFrom("reEnrollTicket").select("id").execute()).toHaveLength(1);
    expect(await reEnroll(world, lost.value)).toBe("ticket-unknown");
    expect((await actions(world)).at(-1)).toBe(`sensor.ticket-value-replaced ${sensorId}`);
    // A later ticket ends this one, and a repeated request does not restore it.
    const later = await ask('"later"');
    expect((await ask()).detail).toContain("was replaced by a later one");
    expect(await reEnroll(world, again.value)).toBe("ticket-unknown");
    expect(await reEnroll(world, later.value)).toBe("enrolled");
    expect((await ask('"later"')).detail).toContain("was used at");
    const ended = await ask('"ended"');
    world.clock.ms += 3_600_000;
    expect(ended.status).toBe(201);
    expect((await ask('"ended"')).detail).toContain("ended at");
  });

  test(`a repeated request for an asset group returns the same group in its current state (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const first = await send(world, cookie, createAssetGroup, { name: "Production" });
    const params = { id: first.id };
    await world.call(renameAssetGroup, cookie, { params, body: { name: "Live" } });
    const again = await send(world, cookie, createAssetGroup, { name: "Production" });
    expect([again.status, again.id]).toEqual([201, first.id]);
    expect((await world.call(listAssetGroups, cookie)).items.map(({ name }) => name)).toEqual(["Live"]);
    await world.call(deleteAssetGroup, cookie, { params });
    const gone = await send(world, cookie, createAssetGroup, { name: "Production" });
    expect([gone.status, gone.code]).toEqual([409, "state-conflict"]);
  });

  test(`a repeated request does not change a token that was used, revoked or deleted in the meantime (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const make = (name: string) =>
      send(world, cookie, createEnrollmentToken, { ...tokenBody, name }, { key: `"${name}"` });
    const used = await make("used");
    expect((await enroll(world, used.value)).outcome).toBe("enrolled");
    expect(await make("used")).toMatchObject({ status: 409, code: "state-conflict" });
    expect((await enroll(world, used.value)).outcome).toBe("enrolled");

    const refused = await make("refused");
    await world.call(pauseEnrollmentToken, cookie, { params: { id: refused.id } });
    expect((await enroll(world, refused.value)).outcome).toBe("token-paused");
    expect((await make("refused")).detail).toContain("has been used by a host");
    expect((await enroll(world, refused.value)).outcome).toBe("token-paused");

    const revoked = await make("revoked");
    await world.call(revokeEnrollmentToken, cookie, { params: { id: revoked.id } });
    expect((await make("revoked")).detail).toContain("was revoked at");
    const deleted = await make("deleted");
    await world.call(deleteEnrollmentToken, cookie, { params: { id: deleted.id } });
    expect((await make("deleted")).detail).toContain("was deleted");
    expect((await enroll(world, deleted.value)).outcome).toBe("token-unknown");
  });
}
