// Whether the server replies to this page, and accepts its session.
import { useSyncExternalStore } from "react";
import { problemOf } from "../api.ts";

type ServerState = "replies" | "unreachable" | "signed-out";

const listeners = new Set<() => void>();
let current: ServerState = "replies";

function set(state: ServerState): void {
  if (current === state) return;
  current = state;
  for (const each of listeners) each();
}

/** A request succeeded, or the stream of changes opened. */
export function noteReply(): void {
  set("replies");
}

/** A request failed. A refusal is a reply too. */
export function noteFailure(error: unknown): void {
  const { code, status } = problemOf(error);
  if (code === "unavailable") set("unreachable");
  else if (code === "not-signed-in") set("signed-out");
  else if (status < 500) set("replies");
}

export function useServerState(): ServerState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
