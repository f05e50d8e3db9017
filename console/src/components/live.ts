// Keeps what is on the screen up to date: the server tells which nouns have changed, and what shows them is fetched again.
// Without the stream everything is asked for every few seconds, with it seldom.
import { type ChangeTopic, changeEvent, streamChanges } from "@attacklens/protocol/changes.ts";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { refresh, refreshAll, setStreamOpen } from "../queries.ts";

/** The nouns of our queries that show something of a topic. */
const SHOWN_BY: Record<ChangeTopic, readonly string[]> = {
  "api-key": ["apiKeys"],
  asset: ["assets", "assetGroups", "sensors"],
  "asset-group": ["assetGroups", "assets", "enrollmentTokens", "sensors"],
  "enrollment-attempt": ["enrollmentAttempts", "enrollmentTokens", "rollout"],
  "enrollment-token": ["enrollmentTokens", "enrollmentAttempts", "assetGroups", "rollout", "sensors"],
  sensor: ["sensors", "assets", "assetGroups", "enrollmentTokens", "enrollmentAttempts", "rollout"],
  user: ["me"],
};

/** What comes within it is fetched once: a rollout must not make every console ask without end. */
const GATHER_MS = 1_000;
const RETRY_MS = 5_000;

/** Follows the changes for as long as the component is there. */
export function useLive(): void {
  const queryClient = useQueryClient();
  useEffect(() => followChanges(queryClient), [queryClient]);
}

function followChanges(queryClient: QueryClient): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let isAnything = false;
  const gathered = new Set<string>();

  function fetchAgain() {
    gathering = undefined;
    if (isAnything) void refreshAll(queryClient);
    else void refresh(queryClient, ...gathered);
    isAnything = false;
    gathered.clear();
  }
  /** The first change shows at once; what follows soon after is gathered. */
  function noteChange(topics: readonly ChangeTopic[]) {
    if (topics.length === 0) isAnything = true;
    for (const noun of topics.flatMap((topic) => SHOWN_BY[topic])) gathered.add(noun);
    if (gathering) return;
    fetchAgain();
    gathering = setTimeout(() => {
      gathering = undefined;
      if (isAnything || gathered.size > 0) fetchAgain();
    }, GATHER_MS);
  }
  function open() {
    const opened = new EventSource(streamChanges.path);
    source = opened;
    opened.addEventListener("open", () => {
      setStreamOpen(true);
      // What changed before the stream opened is unknown: at the first opening, since the page was loaded.
      noteChange([]);
    });
    opened.addEventListener("change", ({ data }) => {
      const parsed = changeEvent.safeParse(parseJson(data));
      noteChange(parsed.success ? parsed.data.topics : []);
    });
    opened.addEventListener("error", () => {
      setStreamOpen(false);
      // A stream that ended is opened again by the browser; one that was refused is not.
      if (opened.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    });
  }

  open();
  return () => {
    source?.close();
    clearTimeout(retry);
    clearTimeout(gathering);
    setStreamOpen(false);
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
