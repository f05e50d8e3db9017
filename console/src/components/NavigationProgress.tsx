import { useRouterState } from "@tanstack/react-router";
import classes from "./NavigationProgress.module.css";

/** A line at the top of the page while a navigation loads. Fast navigations end before it is visible. */
export function NavigationProgress() {
  const isLoading = useRouterState({ select: (state) => state.status === "pending" || state.isLoading });
  return isLoading && <ProgressLine />;
}

export function ProgressLine() {
  return <div className={classes.progress} role="progressbar" aria-label="Loading page" />;
}
