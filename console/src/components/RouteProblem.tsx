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

/** In place of a page whose data could not be had, or that crashed. */
export function RouteProblem({ error }: ErrorComponentProps) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  useEffect(() => reset(), [reset]);
  const problem = problemOf(error);
  if (problem.code === "not-signed-in") return null;
  if (problem.code === "not-found" || problem.code === "input-invalid") return <PageNotFound />;
  const isOurs = problem.code === "internal-error" && problem.cause !== undefined;
  return (
    <StateMessage
      role="alert"
      level={1}
      icon={<IconCloudOff size={20} />}
      title={isOurs ? "This page stopped working" : "This page could not be loaded"}
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

/** The same where there is no sidebar, since not even the account could be had. */
export function StartProblem(props: ErrorComponentProps) {
  return (
    <main>
      <RouteProblem {...props} />
    </main>
  );
}

export function PageNotFound() {
  useTitle("Not found");
  return (
    <StateMessage
      icon={<IconMapOff size={20} />}
      level={1}
      title="There is nothing here"
      action={
        <ButtonLink {...paths.home()} variant="default">
          Go to the overview
        </ButtonLink>
      }
    >
      The address is mistyped, or what it named was deleted.
    </StateMessage>
  );
}
