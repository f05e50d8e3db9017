// The queries of the token pages, and their loaders.
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { previewEnrollmentToken } from "@attacklens/protocol/revoke-and-block.ts";
import { getRollout } from "@attacklens/protocol/rollout.ts";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CACHED, listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { apiQuery, connectionQuery, tokenQuery } from "../../queries.ts";

interface TokenLoad {
  context: RouterContext;
  params: { tokenId: string };
}

export const tokenList = listOf(listEnrollmentTokens);

export async function loadToken({ context, params }: TokenLoad): Promise<void> {
  await orNotFound(context.queryClient.query({ ...tokenQuery(params.tokenId), ...CACHED }));
}

export async function loadConnection({ context }: Pick<TokenLoad, "context">): Promise<void> {
  await context.queryClient.query({ ...connectionQuery, ...CACHED });
}

export const rolloutQuery = (tokenId: string) => apiQuery(getRollout, { params: { id: tokenId } });

export async function loadRollout({ context, params }: TokenLoad): Promise<void> {
  await orNotFound(context.queryClient.query({ ...rolloutQuery(params.tokenId), ...CACHED }));
}

/**
 * The sensors that a change to the token affects. Always fetched again, because the counts must be current.
 */
export function usePreview(tokenId: string, filter: { since?: string; network?: string } = {}) {
  return useQuery({
    ...apiQuery(previewEnrollmentToken, { params: { id: tokenId }, query: filter }),
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
}
