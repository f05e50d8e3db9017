// Asset groups: named sets of assets. An enrollment token can have one as its scope.
import { z } from "zod";
import { assetGroupId } from "./ids.ts";
import { can, page, pageQuery } from "./page.ts";
import { route } from "./route.ts";
import { instant, label } from "./text.ts";

export const assetGroup = z
  .object({
    id: assetGroupId,
    name: z.string(),
    createdAt: instant,
    createdBy: z.string().meta({ description: "Name of the user" }),
    assets: z.int().meta({ description: "Assets in the group" }),
    enrollmentTokens: z.int().meta({
      description:
        "Active tokens with this group as their scope. They stop working when the group is deleted",
    }),
    can: z.object({ rename: can, delete: can }),
  })
  .meta({ id: "AssetGroup" });
export type AssetGroup = z.infer<typeof assetGroup>;

const params = z.strictObject({ id: assetGroupId });
const base = "/api/v1/asset-groups";

export const listAssetGroups = route({
  name: "assetGroups.list",
  method: "GET",
  path: base,
  access: "assets:read",
  tag: "Asset groups",
  summary: "List asset groups",
  query: pageQuery(["name", "createdAt", "createdBy", "assets", "enrollmentTokens"]),
  status: 200,
  output: page(assetGroup),
});

export const createAssetGroup = route({
  name: "assetGroups.create",
  method: "POST",
  path: base,
  access: "assets:manage",
  tag: "Asset groups",
  summary: "Create an asset group. Its name must be unique, ignoring case",
  body: z.strictObject({ name: label }),
  creates: true,
  status: 201,
  output: assetGroup,
  problems: ["name-taken"],
});

export const getAssetGroup = route({
  name: "assetGroups.get",
  method: "GET",
  path: `${base}/{id}`,
  access: "assets:read",
  tag: "Asset groups",
  summary: "Get an asset group",
  params,
  status: 200,
  output: assetGroup,
});

export const renameAssetGroup = route({
  name: "assetGroups.rename",
  method: "PATCH",
  path: `${base}/{id}`,
  access: "assets:manage",
  tag: "Asset groups",
  summary: "Rename an asset group",
  params,
  body: z.strictObject({ name: label }),
  status: 200,
  output: assetGroup,
  problems: ["name-taken"],
});

export const deleteAssetGroup = route({
  name: "assetGroups.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  access: "assets:manage",
  tag: "Asset groups",
  summary: "Delete an asset group. Its assets stay, without a group. Tokens with this scope stop working",
  params,
  status: 204,
});
