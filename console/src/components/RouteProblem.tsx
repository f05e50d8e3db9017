import { Button } from "@mantine/core";
import { IconCloudOff, IconMapOff } from "@tabler/icons-react";
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { problemOf } from "../api.ts";
import { paths } from "../paths.ts";
import { StateMessage } from "../ui/StateMessage.tsx";
import { ButtonLink } from "./links.tsx";
import { useTitle } from "./use-title.ts";

/** Replaces a page that failed to load or crashed. */
export function RouteProblem({ error }: ErrorComponentProps) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  useEffect(() => reset(), [reset]);
  const problem = problemOf(error);
  if (problem.code === "not-signed-in") return null;
  if (problem.code === "not-found" || problem.code === "input-invalid") return <PageNotFound />;
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
      {problem.detail}
    </StateMessage>
  );
}

/** The same without the sidebar, for a failure to load the account. */
export function StartProblem(props: ErrorComponentProps) {
  return (
    <main>
      <RouteProblem {...props} />
    </main>
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
