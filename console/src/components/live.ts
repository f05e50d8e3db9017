// Keeps the page up to date: the server streams which topics have changed, and the queries of their nouns are
// fetched again. Without the stream, pages poll every few seconds.
import { type ChangeTopic, changeEvent, streamChanges } from "@attacklens/protocol/changes.ts";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { refresh, refreshAll, refreshLive, setStreamOpen } from "../queries.ts";
import { openPace } from "./pace.ts";
import { noteReply } from "./server-state.ts";

/** The query nouns that show data of each topic. */
const SHOWN_BY: Record<ChangeTopic, readonly string[]> = {
  "api-key": ["apiKeys"],
  asset: ["assets", "assetGroups", "sensors"],
  "asset-group": ["assetGroups", "assets", "enrollmentTokens", "overview", "sensors", "updates"],
  "enrollment-attempt": ["arrivals", "enrollmentAttempts", "enrollmentTokens", "overview", "rollout"],
  "enrollment-token": [
    "enrollmentTokens",
    "enrollmentAttempts",
    "assetGroups",
    "overview",
    "rollout",
    "sensors",
  ],
  sensor: [
    "arrivals",
    "sensors",
    "assets",
    "assetGroups",
    "enrollmentTokens",
    "enrollmentAttempts",
    "overview",
    "rollout",
    "updates",
  ],
  "update-ring": ["updates"],
  user: ["me", "sessions", "secondFactors", "passkeys", "users"],
  view: ["views"],
};

const RETRY_MS = 5_000;

/** Follows the stream of changes while the component is mounted. */
export function useLive(): void {
  const queryClient = useQueryClient();
  useEffect(() => followChanges(queryClient), [queryClient]);
}

function followChanges(queryClient: QueryClient): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isAll = false;
  const changed = new Set<string>();
  const pace = openPace(() => {
    if (isAll) void refreshAll(queryClient);
    else refreshLive(queryClient, ...changed);
    isAll = false;
    changed.clear();
  });

  function noteChange(topics: readonly ChangeTopic[]) {
    if (topics.length === 0) isAll = true;
    for (const noun of topics.flatMap((topic) => SHOWN_BY[topic])) changed.add(noun);
    // Every change of an object is an audit event.
    changed.add("auditEvents");
    pace.note();
  }
  function open() {
    const opened = new EventSource(streamChanges.path);
    source = opened;
    opened.addEventListener("open", () => {
      setStreamOpen(true);
      noteReply();
      // Changes before the stream opened are unknown, so everything is fetched.
      noteChange([]);
    });
    opened.addEventListener("change", ({ data }) => {
      const parsed = changeEvent.safeParse(parseJson(data));
      noteChange(parsed.success ? parsed.data.topics : []);
    });
    opened.addEventListener("error", () => {
      setStreamOpen(false);
      // The browser reopens a stream that ended, but not one that was refused.
      if (opened.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(open, RETRY_MS);
      // The reason may be that the session has ended.
      void refresh(queryClient, "me");
    });
  }

  open();
  return () => {
    source?.close();
    clearTimeout(retry);
    pace.stop();
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
