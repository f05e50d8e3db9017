import { updateUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { RingDialog } from "./RingDialog.tsx";
import { toRingBody, valuesOf } from "./ring-values.ts";
import { updatesQuery } from "./update-queries.ts";

const editRoute = getRouteApi("/app/sensors/updates/rings/$ringId/edit");

export function EditRingDialog() {
  const { ringId } = editRoute.useParams();
  const { data } = useSuspenseQuery(updatesQuery);
  const [ring] = useState(() => data.rings.find(({ id }) => id === ringId));
  if (!ring) return null;
  return (
    <RingDialog
      title="Edit Ring"
      submit="Save"
      ring={ring}
      initial={valuesOf(ring)}
      disabledReason={disabledReason(ring.can.edit)}
      onSubmit={(values) => {
        const { name, assetGroupIds, ...settings } = toRingBody(values);
        const body = ring.isLast ? settings : { ...settings, name, assetGroupIds };
        return callApi(updateUpdateRing, { params: { id: ringId }, body });
      }}
    />
  );
}
