import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { connectionQuery, refresh } from "../../queries.ts";
import { TokenForm } from "./TokenForm.tsx";
import { type CreatedToken, TokenValueDialog } from "./TokenValueDialog.tsx";
import { newTokenValues, type TokenValues, toRequest } from "./token-values.ts";

/**
 * The form, then the token value. Only the state of this component holds the value, until the dialog closes.
 */
export function CreateTokenDialog() {
  const [created, setCreated] = useState<CreatedToken>();
  const [createToken] = useState(() => openCreation(createEnrollmentToken));
  const [initialValues] = useState(() => newTokenValues(new Date()));
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  const close = () => void navigate({ ...paths.enrollmentTokens(), search: true, replace: true });

  async function create(values: TokenValues) {
    const connection = await queryClient.query(connectionQuery);
    const { enrollmentToken, value } = await createToken(values, () => ({ body: toRequest(values) }));
    setCreated({ token: enrollmentToken, value, connection });
    void refresh(queryClient, "enrollmentTokens", "assetGroups");
  }

  if (created)
    return <TokenValueDialog created={created} onForget={() => setCreated(undefined)} onClose={close} />;
  return (
    <TokenForm
      title="Create Enrollment Token"
      submit="Create"
      initialValues={initialValues}
      onSubmit={create}
      onClose={close}
      disabledReason={disabledReason}
    />
  );
}
