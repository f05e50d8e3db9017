// Chunks of many packs are found with a few queries, each only by sensors of the group that uploaded it.
import { expect, test } from "bun:test";
import { sha256 } from "../../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../../testing/test-world.ts";
import { nameOf, packKeysOf } from "./chunk-names.ts";
import { openKnownChunks } from "./known-chunks.ts";
import { encodeFacts } from "./pack.ts";
import { openPacks } from "./packs.ts";
import { insertPacks } from "./packs-store.ts";

const PACKS = 40;
const CHUNKS = 20;
const FIRST_PACK = 1_000;

for (const dialect of TESTED_DIALECTS)
  test(`a server that remembers nothing finds the chunks of many packs (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const facts = encodeFacts(
      Array.from({ length: CHUNKS }, (_, bucket) => ({
        ...{ category: "packages", bucket, itemCount: 1, sizeBytes: bucket + 1 },
      })),
    );
    const empty = new Uint8Array();
    const all: string[] = [];
    for (let id = FIRST_PACK; id < FIRST_PACK + PACKS; id++) {
      const hashes = Array.from({ length: CHUNKS }, (_, place) => sha256(`${id} ${place}`));
      all.push(...hashes);
      const names = hashes.map(nameOf);
      const row = { id, scopeId: 7, ...facts, names: Buffer.from(names.join(""), "hex"), depth: 0 };
      const keys = new Map(packKeysOf(7, names).map((key) => [key, id]));
      await insertPacks(world.db, [{ ...row, base: empty, content: empty }], keys);
    }
    const open = () => openKnownChunks(world.db, openPacks(world.db));
    // The chunks of a pack are in different queries.
    const mixed = all.toSorted();
    const found = await open().find(7, mixed);
    expect([...found.keys()]).toEqual(mixed);
    expect(new Set([...found.values()].map(({ chunk }) => chunk)).size).toBe(PACKS * CHUNKS);
    expect(found.get(all[CHUNKS + 3]!)).toMatchObject({ category: "packages", bucket: 3, sizeBytes: 4 });
    expect((await open().find(8, mixed)).size).toBe(0);
  });
