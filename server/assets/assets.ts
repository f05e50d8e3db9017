// Assets: listed for people, found or made for a sensor that enrolls.
import type { Asset, IdentifierType } from "@attacklens/protocol/assets.ts";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import type { AuditEvent } from "../audit/audit.ts";
import type { AssetTable, Database } from "../db/schema.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import {
  type AssetPage,
  type AssetRow,
  deleteIdentifiers,
  findAsset,
  insertAssets,
  insertIdentifiers,
  listFreeAssets,
  listIdentifiers,
  listTags,
  pageOfAssets,
  updateAsset,
} from "./assets-store.ts";

function present(row: AssetRow): Asset {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    category: row.category,
    assetGroup: row.assetGroupId === null ? null : { id: row.assetGroupId, name: row.assetGroupName ?? "" },
    sensor: row.sensorId === null ? null : { id: row.sensorId, hostname: row.sensorHostname ?? "" },
    createdAt: toInstant(row.createdAt),
  };
}

export async function listAssets(db: Database, query: AssetPage) {
  const { rows, ...page } = await pageOfAssets(db, query);
  return { items: rows.map(present), ...page };
}

/** Throws not-found. */
export async function getAsset(db: Database, id: string) {
  const row = await findAsset(db, id);
  if (!row) throw new Problem("not-found", `There is no asset ${id}`);
  const identifiers = await listIdentifiers(db, id);
  return {
    ...present(row),
    identifiers: identifiers.map(({ type, value }) => ({ type: type as IdentifierType, value })),
  };
}

/**
 * The assets that enrolling sensors belong to, in their order: each gets one of the token's group that has the same machine
 * id and no sensor any more (the machine was enrolled anew), else a new one. Host facts never reach an asset of another
 * group or of a sensor that still exists: two machines that claim one identity stay two.
 */
export async function findOrCreateAssets(
  tx: Database,
  enrolling: { at: number; host: HostFacts }[],
  { assetGroupId, tags }: { assetGroupId: string | null; tags: string[] },
): Promise<{ id: string; created: boolean }[]> {
  const hosts = enrolling.map(({ at, host }) => {
    const identifiers = identifiersOf(host);
    return { at, host, identifiers, machineId: identifiers.find(({ type }) => type === "machine-id")?.value };
  });
  const machineIds = new Set(hosts.flatMap(({ machineId }) => machineId ?? []));
  const free = await listFreeAssets(tx, "machine-id", [...machineIds], assetGroupId);
  const taken = new Set<string>();
  const assets = hosts.map(({ machineId }) => {
    const found = free.find(({ id, value }) => value === machineId && !taken.has(id));
    const id = found?.id ?? newId("asset");
    taken.add(id);
    return { id, created: !found };
  });
  const made = hosts.flatMap(({ at, host }, index): AssetTable[] => {
    const { id, created } = assets[index]!;
    if (!created) return [];
    return [
      {
        id,
        name: host.hostname,
        nameKey: nameKey(host.hostname),
        type: "server",
        category: "compute",
        assetGroupId,
        createdAt: at,
        tags: JSON.stringify(tags),
        mergedInto: null,
      },
    ];
  });
  await insertAssets(tx, made);
  const identifiers = hosts.flatMap(({ identifiers }, index) =>
    identifiers.map((identifier) => ({ assetId: assets[index]!.id, ...identifier })),
  );
  await insertIdentifiers(tx, identifiers);
  return assets;
}

/** The two are one: `id` has the identifiers and tags of both from now on, and `formerId` is it. */
export async function mergeAsset(tx: Database, formerId: string, id: string): Promise<void> {
  const identifiers = await listIdentifiers(tx, formerId);
  await insertIdentifiers(
    tx,
    identifiers.map((identifier) => ({ assetId: id, ...identifier })),
  );
  const tags = (await listTags(tx, [id, formerId])).flatMap((row) => parseTags(row.tags));
  await updateAsset(tx, id, { tags: JSON.stringify([...new Set(tags)]) });
  await updateAsset(tx, formerId, { mergedInto: id });
}

/** Undoes mergeAsset; `host` is whose asset `id` is: what it told stays, what only the other one told goes. Tags stay. */
export async function separateAsset(
  tx: Database,
  formerId: string,
  id: string,
  host: Partial<HostFacts>,
): Promise<void> {
  const own = new Set(identifiersOf(host).map(({ type, value }) => `${type} ${value}`));
  const foreign = await listIdentifiers(tx, formerId);
  await deleteIdentifiers(
    tx,
    id,
    foreign.filter(({ type, value }) => !own.has(`${type} ${value}`)),
  );
  await updateAsset(tx, formerId, { mergedInto: null });
}

const parseTags = (json: string) => z.array(z.string()).parse(JSON.parse(json));

export function assetCreated(event: Pick<AuditEvent, "at" | "actor">, id: string, name: string): AuditEvent {
  return { ...event, action: "asset.created", entity: { type: "asset", id }, details: { name } };
}

function identifiersOf(host: Partial<HostFacts>): { type: IdentifierType; value: string }[] {
  const pairs: [IdentifierType, string | undefined][] = [
    ["hostname", host.hostname],
    ["machine-id", host.machineId],
    ["product-uuid", host.productUuid],
    ["serial-number", host.serialNumber],
    ["cloud-instance-id", host.cloudInstanceId],
    ...(host.macs ?? []).map((mac): [IdentifierType, string] => ["mac-address", mac]),
    ...(host.addresses ?? []).map((address): [IdentifierType, string] => ["ip-address", address]),
  ];
  return pairs.flatMap(([type, value]) => {
    const normalised = value?.trim().toLowerCase();
    return normalised ? [{ type, value: normalised }] : [];
  });
}
