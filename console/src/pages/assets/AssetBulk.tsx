import { previewAssetAction, runAssetAction } from "@attacklens/protocol/asset-actions.ts";
import {
  type Asset,
  type AssetDestination,
  type AssetType,
  moveAsset,
  setAssetType,
} from "@attacklens/protocol/assets.ts";
import type { Can } from "@attacklens/protocol/page.ts";
import { useQueryClient } from "@tanstack/react-query";
import { callApi } from "../../api.ts";
import { type BulkAction, BulkActions, type BulkChoice } from "../../components/BulkActions.tsx";
import { isNameOf } from "../../components/GroupField.tsx";
import { refresh } from "../../queries.ts";
import { countOf } from "../../ui/numbers.ts";
import { ASSET_TYPE_NAMES, chosenType, groupWords } from "./asset-words.ts";
import { DestinationDialog } from "./DestinationDialog.tsx";
import { TypeDialog } from "./TypeDialog.tsx";

const move = (asset: Asset, to: AssetDestination) =>
  callApi(moveAsset, { params: { id: asset.id }, body: to });
const setType = (asset: Asset, type: AssetType | null) =>
  callApi(setAssetType, { params: { id: asset.id }, body: { type } });

/** An asset that the action would not change is left out, like on the server. */
const unless = (isDone: boolean, reason: string, can: Can): Can =>
  can.allowed && isDone ? { allowed: false, reason } : can;

/** `name`: of the asset group; null: none. */
function moveTo(to: AssetDestination, name: string | null): BulkAction<Asset> {
  const words = groupWords(name);
  return {
    verb: "Move",
    heading: (count) => `Move ${countOf(count, "asset")} to ${words}`,
    done: `moved to ${words}`,
    byFilter: { action: "move", to },
    can: ({ assetGroup, can }) =>
      unless(
        name === null ? assetGroup === null : assetGroup !== null && isNameOf(assetGroup, name),
        `It is already in ${words}.`,
        can.move,
      ),
    run: (asset) => move(asset, to),
    undo: (asset) => move(asset, { assetGroupId: asset.assetGroup?.id ?? null }),
    consequence: () =>
      "Their sensors get updates with the update ring of the new group. Reports and new enrollments do not move them back.",
  };
}

function setTypeTo(type: AssetType | null): BulkAction<Asset> {
  const words = type === null ? "their reports" : `“${ASSET_TYPE_NAMES[type]}”`;
  return {
    verb: "Set type of",
    heading: (count) =>
      type === null
        ? `Take the type of ${countOf(count, "asset")} from their reports`
        : `Set the type of ${countOf(count, "asset")} to ${words}`,
    done: type === null ? "typed by their reports" : `set to ${words}`,
    byFilter: { action: "set-type", type },
    can: (asset) => unless(chosenType(asset) === type, "It has this type already.", asset.can.setType),
    run: (asset) => setType(asset, type),
    undo: (asset) => setType(asset, chosenType(asset)),
    consequence: () =>
      type === null
        ? "Their types change with the reports of their sensors again."
        : "Reports do not change a type that a user has set.",
  };
}

const MOVE: BulkChoice<Asset> = {
  verb: "Move to asset group",
  can: ({ can }) => can.move,
  choose: ({ onChosen, onClose }) => (
    <DestinationDialog
      title="Move assets"
      submit="Continue"
      onSubmit={async (to, name) => onChosen(moveTo(to, name))}
      onClose={onClose}
    />
  ),
};

const SET_TYPE: BulkChoice<Asset> = {
  verb: "Set type",
  can: ({ can }) => can.setType,
  choose: ({ onChosen, onClose }) => (
    <TypeDialog
      title="Set type of assets"
      submit="Continue"
      type={null}
      onSubmit={async (type) => onChosen(setTypeTo(type))}
      onClose={onClose}
    />
  ),
};

interface AssetBulkProps {
  assets: Asset[];
  /** Present: all assets that match it, loaded or not. */
  filter: object | undefined;
  onClear: () => void;
}

export function AssetBulk({ assets, filter, onClear }: AssetBulkProps) {
  const queryClient = useQueryClient();
  return (
    <BulkActions
      rows={assets}
      matching={filter && { filter, preview: previewAssetAction, run: runAssetAction }}
      noun="asset"
      nameOf={(asset) => asset.name}
      actions={[MOVE, SET_TYPE]}
      onDone={() => refresh(queryClient, "assets", "assetGroups", "sensors")}
      onClear={onClear}
    />
  );
}
