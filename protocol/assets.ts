// Assets: one record per resource. Each sensor is linked to the asset of its host.
import { z } from "zod";
import { assetGroupId, assetId, sensorId } from "./ids.ts";
import { page, pageQuery, reference } from "./page.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

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

export const asset = z
  .object({
    id: assetId,
    name: z.string(),
    type: z.enum(["server", "virtual-machine", "endpoint"]),
    category: z.enum(["compute"]),
    assetGroup: reference(assetGroupId).nullable(),
    sensor: z.object({ id: sensorId, hostname: z.string() }).nullable(),
    createdAt: instant,
  })
  .meta({ id: "Asset" });
export type Asset = z.infer<typeof asset>;

export const listAssets = route({
  name: "assets.list",
  method: "GET",
  path: "/api/v1/assets",
  access: "assets:read",
  tag: "Assets",
  summary: "List assets",
  query: pageQuery(["name", "createdAt"]).extend({ assetGroupId: assetGroupId.optional() }),
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
  output: asset.extend({
    identifiers: z.array(z.object({ type: z.enum(IDENTIFIER_TYPES), value: z.string() })),
  }),
});
