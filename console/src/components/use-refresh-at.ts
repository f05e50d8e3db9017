import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { refresh } from "../queries.ts";

/** The longest that a browser's timer waits. */
const MAX_WAIT_MS = 2 ** 31 - 1;
/** So that the server's clock has passed it too. */
const LATER_MS = 250;

/** Fetches a noun again when the next of the instants comes: what expires is shown as expired without a reload. */
export function useRefreshAt(instants: readonly (string | null)[], noun: string): void {
  const queryClient = useQueryClient();
  const now = Date.now();
  const next = Math.min(
    ...instants
      .map((at) => (at === null ? Number.POSITIVE_INFINITY : Date.parse(at)))
      .filter((at) => at > now),
  );
  useEffect(() => {
    const waitMs = next - Date.now() + LATER_MS;
    if (waitMs > MAX_WAIT_MS) return;
    const timer = setTimeout(() => void refresh(queryClient, noun), Math.max(0, waitMs));
    return () => clearTimeout(timer);
  }, [next, noun, queryClient]);
}
