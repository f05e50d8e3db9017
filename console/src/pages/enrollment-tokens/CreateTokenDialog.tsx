import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { TokenForm, type TokenRequest } from "./TokenForm.tsx";
import { type CreatedToken, TokenValueDialog } from "./TokenValueDialog.tsx";

/** The form, then the value, once. The value lives in this component's state only and goes when the dialog does. */
export function CreateTokenDialog() {
  const [created, setCreated] = useState<CreatedToken>();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const close = () => void navigate({ ...paths.enrollmentTokens(), search: true, replace: true });

  async function create(request: TokenRequest) {
    const { enrollmentToken, value } = await callApi(createEnrollmentToken, { body: request });
    setCreated({ name: enrollmentToken.name, expiresAt: enrollmentToken.expiresAt, value });
    void refresh(queryClient, "enrollmentTokens", "assetGroups");
  }

  if (!created) return <TokenForm onSubmit={create} onClose={close} />;
  return <TokenValueDialog created={created} onForget={() => setCreated(undefined)} onClose={close} />;
}
