// Moves the inventory of an earlier schema into the tables of 0008-inventory-storage: each chunk becomes a
// pack, each list a complete one. What sensors upload later refers to them.
import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { type Kysely, sql } from "kysely";

// biome-ignore lint/suspicious/noExplicitAny: a migration's database has no schema type
type OldDatabase = Kysely<any>;

/** Columns have short names, because the plug-in of some connections renames longer ones. */
interface OldChunk {
  hash: string;
  category: string;
  content: string;
  items: number;
  bytes: number;
  bucket: number;
}

interface OldManifest {
  root: string;
  category: string;
  chunks: string;
  items: number;
  total: number | null;
  gaps: string | null;
}

interface OldState {
  sensor: string;
  category: string;
  status: string;
  reason: string | null;
  manifest: number | null;
  reported: number | null;
  changed: number | null;
  duration: number | null;
}

/** Rows in memory at a time; for states, sensors. */
const PAGE = 100;
/** Chunks of a pack. The first one has the place 0. */
const PACK_CHUNKS = 256;

const bytesOf = (hash: string, count: number) => Buffer.from(hash.slice(0, 2 * count), "hex");
const rootOf = (hash: string) => bytesOf(hash, 16);

export async function convertInventory(db: OldDatabase): Promise<void> {
  await convertScopes(db);
  await convertChunks(db);
  await convertManifests(db);
  await convertReports(db);
}

async function convertScopes(db: OldDatabase): Promise<void> {
  await sql`insert into inventory_scope (asset_group_id)
    select distinct asset_group_id from old_scope order by asset_group_id`.execute(db);
}

async function convertChunks(db: OldDatabase): Promise<void> {
  let after = "";
  let packId = 0;
  for (;;) {
    const { rows } =
      await sql<OldChunk>`select hash, category, content, item_count as items, size_bytes as bytes, bucket
      from old_chunk where hash > ${after} order by hash limit ${PAGE}`.execute(db);
    for (const { hash, category, content, items, bytes, bucket } of rows) {
      packId++;
      const texts = (JSON.parse(content) as unknown[]).map((item) => JSON.stringify(item));
      const facts = varints([0, bucket, items, bytes]);
      const name = bytesOf(hash, 12);
      const found = await sql<{ scope: number }>`select coalesce(min(id), 0) as scope from inventory_scope
          where asset_group_id in (select asset_group_id from old_scope where hash = ${hash})`.execute(db);
      const scope = Number(found.rows[0]!.scope);
      const packed = zstdCompressSync(texts.join("\t"));
      await sql`insert into inventory_pack (id, scope_id, depth, categories, names, chunks, base, content)
        values (${packId}, ${scope}, 0, ${category}, ${name}, ${facts}, ${Buffer.alloc(0)}, ${packed})`.execute(
        db,
      );
      const key = createHash("sha256")
        .update(`${scope} ${name.toString("hex")}`)
        .digest("hex");
      await sql`insert into inventory_pack_key (pack_id, key) values (${packId}, ${bytesOf(key, 7)})
        on conflict do nothing`.execute(db);
      await sql`insert into inventory_chunk_scope (scope_id, name, chunk)
        select id, ${name}, ${packId * PACK_CHUNKS} from inventory_scope
          where asset_group_id in (select asset_group_id from old_scope where hash = ${hash})
            and id <> ${scope}`.execute(db);
      await sql`update old_chunk set pack_id = ${packId} where hash = ${hash}`.execute(db);
    }
    if (rows.length < PAGE) break;
    after = rows.at(-1)!.hash;
  }
  await sql`update inventory_pack_number set next = ${packId + 1}`.execute(db);
}

async function convertManifests(db: OldDatabase): Promise<void> {
  let after: Pick<OldManifest, "category" | "root"> = { category: "", root: "" };
  for (;;) {
    const { rows } =
      await sql<OldManifest>`select category, root, chunks, item_count as items, total_items as total, gaps
      from old_manifest where category > ${after.category} or (category = ${after.category} and root > ${after.root})
      order by category, root limit ${PAGE}`.execute(db);
    for (const manifest of rows) await convertManifest(db, manifest);
    if (rows.length < PAGE) return;
    after = rows.at(-1)!;
  }
}

async function convertManifest(db: OldDatabase, manifest: OldManifest): Promise<void> {
  const { root, category, items, total, gaps } = manifest;
  const numbers: number[] = [];
  let [lastBucket, lastChunk] = [0, 0];
  for (const hash of JSON.parse(manifest.chunks) as string[]) {
    const { rows } = await sql<{ pack: number; bucket: number }>`select pack_id as pack, bucket
      from old_chunk where hash = ${hash}`.execute(db);
    const [{ pack, bucket }] = rows as [{ pack: number; bucket: number }];
    const chunk = Number(pack) * PACK_CHUNKS;
    const distance = chunk - lastChunk;
    numbers.push(bucket - lastBucket, (distance < 0 ? -2 * distance - 1 : 2 * distance) + 1);
    [lastBucket, lastChunk] = [bucket, chunk];
  }
  await sql`insert into inventory_manifest
      (scope_id, category, root, base_id, chunks, item_count, total_items, gaps)
    select id, ${category}, ${rootOf(root)}, null, ${varints(numbers)}, ${items}, ${total}, ${gaps}
      from inventory_scope
      where asset_group_id in (select asset_group_id from old_scope where hash = ${root})`.execute(db);
  await sql`update old_manifest set manifest_id =
      (select min(id) from inventory_manifest where root = ${rootOf(root)} and category = ${category})
    where category = ${category} and root = ${root}`.execute(db);
}

const ageOf = (reported: number | null, changed: number | null) =>
  reported === null || changed === null ? null : reported - changed;

/** The last row of the history of a category is its present content. */
async function convertReports(db: OldDatabase): Promise<void> {
  let afterSensor = "";
  for (;;) {
    const { rows } = await sql<OldState>`select i.sensor_id as sensor, i.category, i.status, i.reason,
        m.manifest_id as manifest, i.changed_at as changed, i.duration_ms as duration,
        (select max(h.reported_at) from old_history h
          where h.sensor_id = i.sensor_id and h.category = i.category) as reported
      from old_sensor_inventory i
      left join old_manifest m on m.category = i.category and m.root = i.root
      where i.sensor_id in (select distinct sensor_id from old_sensor_inventory
        where sensor_id > ${afterSensor} order by sensor_id limit ${PAGE})`.execute(db);
    if (rows.length === 0) break;
    for (const [sensor, own] of Map.groupBy(rows, (row) => row.sensor)) {
      const states = own.map(({ category, status, reason, manifest, reported, changed, duration }) => [
        ...[category, [status, reason, manifest, reported, ageOf(reported, changed), duration]],
      ]);
      await sql`insert into inventory_state (sensor_id, states)
        values (${sensor}, ${JSON.stringify(Object.fromEntries(states))})`.execute(db);
      if (sensor > afterSensor) afterSensor = sensor;
    }
  }
  await sql`insert into inventory_history (sensor_id, category, reported_at, manifest_id, collected_at)
    select h.sensor_id, h.category, h.reported_at, m.manifest_id, h.collected_at
      from old_history h
      join old_manifest m on m.category = h.category and m.root = h.root
      where m.manifest_id is not null and h.reported_at <
        (select max(l.reported_at) from old_history l
          where l.sensor_id = h.sensor_id and l.category = h.category)`.execute(db);
}

function varints(numbers: readonly number[]): Buffer {
  const bytes: number[] = [];
  for (let rest of numbers) {
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
    bytes.push(rest);
  }
  return Buffer.from(bytes);
}
