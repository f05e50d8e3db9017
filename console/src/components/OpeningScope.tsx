// The part of a page that shows the arrivals of a token since one instant. A page with tabs puts its tabs
// inside, so that they share the instant.
import { listArrivals } from "@attacklens/protocol/arrivals.ts";
import { useRouterState } from "@tanstack/react-router";
import { createContext, type ReactNode, useCallback, useEffect, useState } from "react";
import { callApi, problemOf } from "../api.ts";
import { findOpening, storeOpening, tabStorage } from "./openings.ts";

const RETRY_MS = 2_000;

export interface Opening {
  tokenId: string;
  /** By the server's clock. Undefined until the server has replied. */
  since: string | undefined;
  /** Starts again from now. */
  restart: () => Promise<void>;
}

export const OpeningContext = createContext<Opening | undefined>(undefined);

/** Set `key` to the token's id. */
export function OpeningScope({ tokenId, children }: { tokenId: string; children: ReactNode }) {
  return <OpeningContext value={useOpening(tokenId)}>{children}</OpeningContext>;
}

async function readServerClock(tokenId: string): Promise<string> {
  return (await callApi(listArrivals, { params: { id: tokenId }, query: { limit: 1 } })).since;
}

function useOpening(tokenId: string): Opening {
  const historyKey = useRouterState({ select: ({ location }) => location.state.__TSR_key ?? "" });
  const [since, setSince] = useState(() => findOpening(tabStorage(), tokenId, historyKey));
  const isKnown = since !== undefined;

  useEffect(() => {
    if (isKnown) return;
    let isOver = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    async function ask() {
      try {
        const answer = await readServerClock(tokenId);
        if (!isOver) setSince(answer);
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
  }, [tokenId, isKnown]);

  useEffect(() => {
    if (since !== undefined) storeOpening(tabStorage(), tokenId, historyKey, since);
  }, [tokenId, historyKey, since]);

  const restart = useCallback(async () => setSince(await readServerClock(tokenId)), [tokenId]);
  return { tokenId, since, restart };
}
