import { type Asset, type AssetDestination, moveAsset } from "@attacklens/protocol/assets.ts";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { showUndoable } from "../../components/undo.tsx";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { assetQuery } from "./asset-queries.ts";
import { groupWords } from "./asset-words.ts";
import { DestinationDialog } from "./DestinationDialog.tsx";

const route = getRouteApi("/app/assets/$assetId");

/** Moves an asset to another asset group. */
export function MoveAssetDialog({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  const queryClient = useQueryClient();
  const { id, name, assetGroup } = asset;
  const move = async (to: AssetDestination) => {
    await callApi(moveAsset, { params: { id }, body: to });
    await refresh(queryClient, "assets", "assetGroups", "sensors");
  };
  return (
    <DestinationDialog
      title={`Move ${name}`}
      submit="Move asset"
      onSubmit={async (to, groupName) => {
        await move(to);
        showUndoable(`“${name}” is in ${groupWords(groupName)}.`, async () => {
          await move({ assetGroupId: assetGroup?.id ?? null });
          return `“${name}” is in ${groupWords(assetGroup?.name ?? null)} again.`;
        });
        onClose();
      }}
      onClose={onClose}
      disabledReason={disabledReason(asset.can.move)}
    />
  );
}

/** The same on the page of the asset. */
export function MoveAssetPage() {
  const { assetId } = route.useParams();
  const { data: asset } = useSuspenseQuery(assetQuery(assetId));
  const navigate = useNavigate();
  return (
    <MoveAssetDialog
      asset={asset}
      onClose={() => void navigate({ ...paths.asset(assetId), replace: true })}
    />
  );
}
