import { previewEnrollmentToken } from "@attacklens/protocol/revoke-and-block.ts";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { apiQuery } from "../../queries.ts";

/** What a change to the token would touch: asked of the server when the dialog opens, and each time the filter changes. */
export function usePreview(tokenId: string, filter: { since?: string; network?: string } = {}) {
  return useQuery({
    ...apiQuery(previewEnrollmentToken, { params: { id: tokenId }, query: filter }),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
}
