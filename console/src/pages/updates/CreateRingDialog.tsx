import { createUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { RingDialog } from "./RingDialog.tsx";
import { initialRingValues, toRingBody } from "./ring-values.ts";
import { updatesQuery } from "./update-queries.ts";

export function CreateRingDialog() {
  const { data } = useSuspenseQuery(updatesQuery);
  const [createRing] = useState(() => openCreation(createUpdateRing));
  const [initial] = useState(() => initialRingValues(Intl.DateTimeFormat().resolvedOptions().timeZone));
  return (
    <RingDialog
      title="Create Ring"
      submit="Create Ring"
      initial={initial}
      disabledReason={disabledReason(data.can.create)}
      onSubmit={(values) => createRing(values, () => ({ body: toRingBody(values) }))}
    />
  );
}
