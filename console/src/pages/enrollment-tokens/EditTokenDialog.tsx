import { updateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { showUndoable } from "../../components/undo.tsx";
import { paths } from "../../paths.ts";
import { refresh, tokenQuery } from "../../queries.ts";
import { TokenForm } from "./TokenForm.tsx";
import { changesBetween, type TokenValues, valuesOf, withProposal } from "./token-values.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/token-overview/edit");

/** Changes a token. The search of the URL can hold suggested changes, which a refused attempt offers. */
export function EditTokenDialog() {
  const { tokenId } = route.useParams();
  const proposal = route.useSearch();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: token } = useSuspenseQuery(tokenQuery(tokenId));
  // The values when the dialog opened: only the fields that the user changes are sent, so changes by others
  // are kept.
  const [before] = useState(() => valuesOf(token, new Date()));
  const [{ values, words }] = useState(() => withProposal(before, proposal, new Date()));
  const close = () => navigate({ ...paths.enrollmentToken(tokenId), replace: true });

  async function change(after: TokenValues) {
    const body = changesBetween(before, after);
    if (Object.keys(body).length > 0) {
      const changed = await callApi(updateEnrollmentToken, { params: { id: tokenId }, body });
      await refresh(queryClient, "enrollmentTokens");
      showUndoable(`“${changed.name}” is saved.`, async () => {
        const restored = changesBetween(after, before);
        const { name } = await callApi(updateEnrollmentToken, { params: { id: tokenId }, body: restored });
        await refresh(queryClient, "enrollmentTokens");
        return `“${name}” is as it was before.`;
      });
    }
    await close();
  }

  return (
    <TokenForm
      title="Edit Enrollment Token"
      submit="Save"
      initialValues={values}
      proposed={words}
      spent={token.enrolledSensors}
      onSubmit={change}
      onClose={() => void close()}
      disabledReason={disabledReason(token.can.edit)}
    />
  );
}
