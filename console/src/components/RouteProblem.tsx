import { Button } from "@mantine/core";
import { IconCloudOff, IconLock, IconMapOff } from "@tabler/icons-react";
import { useQueryClient, useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { problemOf } from "../api.ts";
import { paths } from "../paths.ts";
import { setupQuery } from "../queries.ts";
import { StateMessage } from "../ui/StateMessage.tsx";
import { ButtonLink } from "./links.tsx";
import { useTitle } from "./use-title.ts";

/** How often a page that failed to load asks whether the server replies again. */
const RETRY_MS = 3_000;

/** Replaces a page that failed to load or crashed. After an outage, it loads without a click. */
export function RouteProblem({ error }: ErrorComponentProps) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  useEffect(() => reset(), [reset]);
  const problem = problemOf(error);
  const isOutage = problem.code === "unavailable";
  useRetry(isOutage);
  useTitle("Can't load this page");
  if (problem.code === "not-signed-in") return null;
  if (problem.code === "not-found" || problem.code === "input-invalid") return <PageNotFound />;
  if (problem.code === "permission-missing") return <PageForbidden>{problem.detail}</PageForbidden>;
  const isCrash = problem.code === "internal-error" && problem.cause !== undefined;
  return (
    <StateMessage
      role="alert"
      level={1}
      icon={<IconCloudOff size={20} />}
      title={isCrash ? "This page stopped working" : "Can't load this page"}
      action={
        <Button variant="default" onClick={() => void router.invalidate()}>
          Try again
        </Button>
      }
    >
      {problem.detail} {isOutage && "The page loads as soon as the server responds."}
    </StateMessage>
  );
}

/** Loads the page again when the server replies. Until then, the page stays as it is. */
function useRetry(isOutage: boolean): void {
  const router = useRouter();
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!isOutage) return;
    const timer = setInterval(() => {
      const isReply = (thrown: unknown) => problemOf(thrown).status < 500;
      void queryClient
        .fetchQuery({ ...setupQuery, staleTime: 0, retry: false })
        .then(() => true, isReply)
        .then((replies) => {
          if (replies) void router.invalidate();
        });
    }, RETRY_MS);
    return () => clearInterval(timer);
  }, [isOutage, router, queryClient]);
}

/** The same without the sidebar, for the pages before sign-in. */
export function StartProblem(props: ErrorComponentProps) {
  return (
    <main>
      <RouteProblem {...props} />
    </main>
  );
}

/** Repeating the request of a user without the permission changes nothing. */
function PageForbidden({ children }: { children: string }) {
  useTitle("Not permitted");
  return (
    <StateMessage
      icon={<IconLock size={20} />}
      level={1}
      title="Your role cannot open this page"
      action={
        <ButtonLink {...paths.home()} variant="default">
          Go to Overview
        </ButtonLink>
      }
    >
      {children}
    </StateMessage>
  );
}

export function PageNotFound() {
  useTitle("Page not found");
  return (
    <StateMessage
      icon={<IconMapOff size={20} />}
      level={1}
      title="Page not found"
      action={
        <ButtonLink {...paths.home()} variant="default">
          Go to Overview
        </ButtonLink>
      }
    >
      The address is wrong, or the object was deleted.
    </StateMessage>
  );
}
