import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { PageSkeleton } from "./components/PageSkeleton.tsx";
import { PageNotFound, RouteProblem } from "./components/RouteProblem.tsx";
import { parseSearch, stringifySearch } from "./paths.ts";
import { routeTree } from "./routes.tsx";

/** A pointer that only crosses a link preloads nothing. */
const PRELOAD_DELAY_MS = 150;

export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPreloadDelay: PRELOAD_DELAY_MS,
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 60,
    defaultPendingMinMs: 0,
    defaultPendingComponent: PageSkeleton,
    defaultErrorComponent: RouteProblem,
    defaultNotFoundComponent: PageNotFound,
    scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
