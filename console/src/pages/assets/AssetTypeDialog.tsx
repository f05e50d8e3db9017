import { type Asset, type AssetType, setAssetType } from "@attacklens/protocol/assets.ts";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { showUndoable } from "../../components/undo.tsx";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { assetQuery } from "./asset-queries.ts";
import { ASSET_TYPE_NAMES, chosenType } from "./asset-words.ts";
import { TypeDialog } from "./TypeDialog.tsx";

const route = getRouteApi("/app/assets/$assetId");

/** Changes the type of an asset. */
export function ChangeTypeDialog({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  const queryClient = useQueryClient();
  const change = async (type: AssetType | null) => {
    const changed = await callApi(setAssetType, { params: { id: asset.id }, body: { type } });
    await refresh(queryClient, "assets");
    return `“${changed.name}” is a ${ASSET_TYPE_NAMES[changed.type].toLowerCase()}`;
  };
  return (
    <TypeDialog
      title="Change type"
      submit="Change type"
      type={chosenType(asset)}
      onSubmit={async (type) => {
        const message = await change(type);
        showUndoable(`${message}.`, async () => `${await change(chosenType(asset))} again.`);
        onClose();
      }}
      onClose={onClose}
      disabledReason={disabledReason(asset.can.setType)}
    />
  );
}

/** The same on the page of the asset. */
export function AssetTypeDialog() {
  const { assetId } = route.useParams();
  const { data: asset } = useSuspenseQuery(assetQuery(assetId));
  const navigate = useNavigate();
  return (
    <ChangeTypeDialog
      asset={asset}
      onClose={() => void navigate({ ...paths.asset(assetId), replace: true })}
    />
  );
}
