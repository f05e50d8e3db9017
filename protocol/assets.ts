// Assets: one record per resource. Each sensor is linked to the asset of its host.
import { z } from "zod";
import { assetGroupId, assetId, sensorId } from "./ids.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { route } from "./route.ts";
import { instant, label } from "./text.ts";

export const IDENTIFIER_TYPES = [
  "hostname",
  "machine-id",
  "product-uuid",
  "serial-number",
  "cloud-instance-id",
  "mac-address",
  "ip-address",
] as const;
export type IdentifierType = (typeof IDENTIFIER_TYPES)[number];

export const ASSET_TYPES = [
  "server",
  "virtual-machine",
  "container-host",
  "laptop",
  "desktop",
  "endpoint",
] as const;
export type AssetType = (typeof ASSET_TYPES)[number];

const assetType = z.enum(ASSET_TYPES);

/** A type that a user sets. */
export const chosenAssetType = assetType
  .nullable()
  .meta({ description: "null: derived from the reports of the sensor" });

/** Where a user moves assets to. */
export const assetDestination = z
  .strictObject({
    assetGroupId: assetGroupId.nullable().optional().meta({ description: "null: to no asset group" }),
    assetGroupName: label
      .optional()
      .meta({ description: "Instead of the id. If there is no such group, it is created" }),
  })
  .refine((to) => (to.assetGroupId === undefined) !== (to.assetGroupName === undefined), {
    path: ["assetGroupId"],
    message: "must be given, or assetGroupName instead of it",
  });
export type AssetDestination = z.infer<typeof assetDestination>;

export const asset = z
  .object({
    id: assetId,
    name: z.string(),
    type: assetType.meta({
      description:
        "container-host: the sensor runs in a container of the host; endpoint: a user's machine of unknown form",
    }),
    typeSource: z.enum(["derived", "user"]).meta({
      description: "derived: from the reports of the sensor, and changes with them; user: set by a user",
    }),
    category: z.enum(["compute"]),
    assetGroup: reference(assetGroupId).nullable(),
    sensor: z.object({ id: sensorId, hostname: z.string() }).nullable(),
    createdAt: instant,
    can: z.object({ move: can, setType: can }),
  })
  .meta({ id: "Asset" });
export type Asset = z.infer<typeof asset>;

const assetInFull = asset.extend({
  identifiers: z.array(z.object({ type: z.enum(IDENTIFIER_TYPES), value: z.string() })),
});

export const listAssets = route({
  name: "assets.list",
  method: "GET",
  path: "/api/v1/assets",
  access: "assets:read",
  tag: "Assets",
  summary: "List assets",
  query: pageQuery(["name", "createdAt"]).extend({
    assetGroupId: assetGroupId.optional(),
    type: assetType.optional(),
  }),
  status: 200,
  output: page(asset),
});

export const getAsset = route({
  name: "assets.get",
  method: "GET",
  path: "/api/v1/assets/{id}",
  access: "assets:read",
  tag: "Assets",
  summary: "Get an asset with its identifiers",
  params: z.strictObject({ id: assetId }),
  status: 200,
  output: assetInFull,
});

export const setAssetType = route({
  name: "assets.setType",
  method: "PUT",
  path: "/api/v1/assets/{id}/type",
  access: "assets:manage",
  tag: "Assets",
  summary: "Set the type of an asset, or derive it from the reports of its sensor again",
  params: z.strictObject({ id: assetId }),
  body: z.strictObject({ type: chosenAssetType }),
  status: 200,
  output: assetInFull,
});

export const moveAsset = route({
  name: "assets.move",
  method: "PUT",
  path: "/api/v1/assets/{id}/asset-group",
  access: "assets:manage",
  tag: "Assets",
  summary: "Move an asset to another asset group, or to none. No report or enrollment undoes it",
  params: z.strictObject({ id: assetId }),
  body: assetDestination,
  status: 200,
  output: assetInFull,
});
