import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { canonicalJson } from "@attacklens/protocol/canonical-json.ts";
import type { AuditEventTable } from "../db/schema.ts";
import { eventHash } from "./event-hash.ts";

const EVENT: Omit<AuditEventTable, "hash"> = {
  sequence: 7,
  id: "evt_1",
  at: 1_790_000_000_000,
  actorType: "user",
  actorId: "usr_1",
  actorName: 'Zoë "Z" \u2028',
  action: "sensor.blocked",
  entityType: "sensor",
  entityId: "sen_1",
  entityName: "web-01",
  address: null,
  details: '{"reason":"ü"}',
  previousHash: "ab",
  version: 2,
};

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("the hash of an event is that of its canonical JSON", () => {
  expect(eventHash(EVENT)).toBe(sha256(canonicalJson({ ...EVENT })));
  const { version: _, address: __, entityName: ___, ...first } = EVENT;
  expect(eventHash({ ...EVENT, version: 1, entityName: null })).toBe(sha256(canonicalJson({ ...first })));
});

test("an event with a column that its version does not cover has no hash", () => {
  expect(eventHash({ ...EVENT, version: 1 })).toBeUndefined();
  expect(eventHash({ ...EVENT, version: 3 })).toBeUndefined();
});
