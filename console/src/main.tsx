import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { problemOf } from "./api.ts";
import { followPages } from "./components/follow-pages.ts";
import { noteFailure, noteReply } from "./components/server-state.ts";
import { hasUnsavedInput } from "./components/unsaved.ts";
import { addFonts } from "./fonts.ts";
import { takeSetupCode } from "./pages/account/setup-code.ts";
import { paths } from "./paths.ts";
import { meQuery } from "./queries.ts";
import { createConsoleRouter } from "./router.ts";
import { cssVariables, theme } from "./theme.ts";
import { followFocus } from "./ui/focus-origin.ts";

// Before any other code reads the address, because the setup code must not stay in it.
takeSetupCode();
addFonts();

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteRefusal, onSuccess: noteReply }),
  mutationCache: new MutationCache({ onError: noteRefusal }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < 2 && problemOf(error).status >= 500,
      retryDelay: 500,
    },
  },
});
const router = createConsoleRouter(queryClient);

followFocus();
followPages(router);

/**
 * When the session ends, the console opens the sign-in page and returns to the same page after it. A form
 * with unsaved input stays open.
 */
function noteRefusal(error: Error) {
  noteFailure(error);
  if (problemOf(error).code !== "not-signed-in" || hasUnsavedInput()) return;
  queryClient.removeQueries({ queryKey: meQuery.queryKey });
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in" || pathname === "/setup") return;
  void router.navigate({ ...paths.signIn(href), replace: true });
}

const Toasts = lazy(async () => ({ default: (await import("./ui/Toasts.tsx")).Toasts }));

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Suspense fallback={null}>
          <Toasts />
        </Suspense>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
