// The queries of the token pages, and their loaders.
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { previewEnrollmentToken } from "@attacklens/protocol/revoke-and-block.ts";
import { getRollout, getTimeline, type Rollout, type TimelineRange } from "@attacklens/protocol/rollout.ts";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CACHED, listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { apiQuery, connectionQuery, tokenQuery } from "../../queries.ts";
import type { RolloutSearch } from "./rollout-states.ts";

const MAX_REST_MS = 5_000;

interface TokenLoad {
  context: RouterContext;
  params: { tokenId: string };
}

export const tokenList = listOf(listEnrollmentTokens);

export async function loadToken({ context, params }: TokenLoad): Promise<void> {
  await orNotFound(context.queryClient.query({ ...tokenQuery(params.tokenId), ...CACHED }));
}

export async function loadTokenOverview({ context: { queryClient }, params }: TokenLoad): Promise<void> {
  await Promise.all([
    queryClient.query({ ...connectionQuery, ...CACHED }),
    orNotFound(queryClient.query({ ...rolloutQuery(params.tokenId), ...CACHED })),
  ]);
}

/** The longer the list, the less often a burst of changes fetches it: a millisecond for each host. */
export const rolloutQuery = (tokenId: string) => ({
  ...apiQuery(getRollout, { params: { id: tokenId } }),
  meta: { restMs: (data: unknown) => Math.min(MAX_REST_MS, (data as Rollout).hosts.length) },
});

export const timelineQuery = (tokenId: string, range: TimelineRange) => ({
  ...apiQuery(getTimeline, { params: { id: tokenId }, query: { range } }),
  meta: { restMs: () => MAX_REST_MS },
});

export async function loadRollout({
  context: { queryClient },
  params: { tokenId },
  deps,
}: TokenLoad & { deps: RolloutSearch }): Promise<void> {
  await Promise.all([
    orNotFound(queryClient.query({ ...rolloutQuery(tokenId), ...CACHED })),
    orNotFound(queryClient.query({ ...timelineQuery(tokenId, deps.range ?? "all"), ...CACHED })),
  ]);
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
