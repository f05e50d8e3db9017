// The actions on an asset in a list, and their dialogs.
import type { Asset } from "@attacklens/protocol/assets.ts";
import { type ReactNode, useCallback, useState } from "react";
import { disabledReason } from "../../components/disabled-reason.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { ChangeTypeDialog } from "./AssetTypeDialog.tsx";
import { MoveAssetDialog } from "./MoveAssetDialog.tsx";

export function useAssetActions(): { actionsFor: (asset: Asset) => RowAction[]; dialog: ReactNode } {
  const [asked, setAsked] = useState<{ dialog: "move" | "type"; asset: Asset }>();
  const actionsFor = useCallback(
    (asset: Asset): RowAction[] => [
      {
        label: "Move to asset group…",
        onSelect: () => setAsked({ dialog: "move", asset }),
        disabledReason: disabledReason(asset.can.move),
      },
      {
        label: "Change type…",
        onSelect: () => setAsked({ dialog: "type", asset }),
        disabledReason: disabledReason(asset.can.setType),
      },
    ],
    [],
  );
  if (!asked) return { actionsFor, dialog: null };
  const Dialog = asked.dialog === "move" ? MoveAssetDialog : ChangeTypeDialog;
  return { actionsFor, dialog: <Dialog asset={asked.asset} onClose={() => setAsked(undefined)} /> };
}
