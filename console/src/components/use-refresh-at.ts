import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { refresh } from "../queries.ts";

/** The longest delay of a browser timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;
/** The server's clock can be slightly behind. */
const LATER_MS = 250;

/** Fetches a noun again at the next of the instants, so that the page shows when an object expires. */
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
