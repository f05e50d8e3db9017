import { listArrivals } from "@attacklens/protocol/arrivals.ts";
import { useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { callApi, problemOf } from "../api.ts";
import { openOpenings } from "./openings.ts";

const RETRY_MS = 2_000;

const openings = openOpenings(() => globalThis.sessionStorage);
/** By token: several components of a page ask once. */
const asking = new Map<string, Promise<string>>();

/** Returns the time of the server's clock. */
async function askServer(tokenId: string): Promise<string> {
  const running = asking.get(tokenId);
  if (running) return await running;
  const asked = callApi(listArrivals, { params: { id: tokenId }, query: { limit: 1 } });
  const since = asked.then((reply) => reply.since).finally(() => asking.delete(tokenId));
  asking.set(tokenId, since);
  return await since;
}

/**
 * Returns since when the page is open, by the server's clock, and a function that starts again from now.
 * Undefined until the server has replied. The frame of a page with tabs calls it too, so that its tabs share
 * one instant.
 */
export function useOpening(tokenId: string): [since: string | undefined, restart: () => Promise<void>] {
  const historyKey = useRouterState({ select: ({ location }) => location.state.__TSR_key ?? "" });
  const since = useSyncExternalStore(openings.subscribe, () => openings.find(tokenId, historyKey));
  const isKnown = since !== undefined;

  useEffect(() => {
    if (isKnown) return;
    let isOver = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    async function ask() {
      try {
        const answer = await askServer(tokenId);
        if (!isOver) openings.set(tokenId, historyKey, answer);
      } catch (error) {
        // During an outage, the page opens when the server replies. A refusal stays one.
        const { code, status } = problemOf(error);
        const isPassing = status >= 500 || code === "too-many-requests";
        if (!isOver && isPassing) retry = setTimeout(ask, RETRY_MS);
      }
    }
    void ask();
    return () => {
      isOver = true;
      clearTimeout(retry);
    };
  }, [tokenId, historyKey, isKnown]);

  useEffect(() => {
    if (since !== undefined) return openings.hold(tokenId, since);
  }, [tokenId, since]);
  useEffect(() => {
    if (since !== undefined) openings.remember(tokenId, historyKey, since);
  }, [tokenId, historyKey, since]);

  const restart = useCallback(
    async () => openings.set(tokenId, historyKey, await askServer(tokenId)),
    [tokenId, historyKey],
  );
  return [since, restart];
}
