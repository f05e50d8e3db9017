import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ButtonLink } from "../../components/links.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { type Obstacle, obstacleText } from "../../ui/obstacle.ts";
import { firstSteps, type StepName, type StepState } from "./first-steps.ts";
import classes from "./OverviewPage.module.css";
import { overviewQuery } from "./overview-queries.ts";

interface Step {
  title: string;
  text: string;
  action?: ReactNode;
}

const STEP: Record<StepName, Step> = {
  assetGroup: {
    title: "Create an asset group",
    text: "It collects the hosts of an environment or a department.",
    action: <ButtonLink {...paths.assetGroupNew()}>Create Asset Group</ButtonLink>,
  },
  enrollmentToken: {
    title: "Create an Enrollment Token",
    text: "Sensors use it once, to enroll. Scope it to the asset group.",
    action: <ButtonLink {...paths.enrollmentTokenNew()}>Create Token</ButtonLink>,
  },
  sensor: {
    title: "Deploy a sensor",
    text: "Run one command on a host, or use your deployment tool.",
    action: <ButtonLink {...paths.deploy()}>Open the guides</ButtonLink>,
  },
  report: {
    title: "Receive the first report",
    text: "The sensor is Pending until then, usually for less than a minute.",
    action: <ButtonLink {...paths.sensors({ status: "pending" })}>Show pending sensors</ButtonLink>,
  },
};
const STATE_TEXTS: Record<StepState["state"], string> = {
  done: "done",
  next: "next",
  later: "later",
  skipped: "skipped",
};

/** The way from an empty installation to the first report. Nothing afterwards. */
export function FirstSteps() {
  const { data } = useQuery({ ...overviewQuery, refetchInterval: refreshMs });
  const groupReason = usePermissionReason("assets:manage");
  const tokenReason = usePermissionReason("enrollment-tokens:manage");
  const steps = data && firstSteps(data.setup);
  if (!steps) return null;
  const reasons: Partial<Record<StepName, Obstacle | undefined>> = {
    ...{ assetGroup: groupReason, enrollmentToken: tokenReason, sensor: tokenReason },
  };
  return (
    <section className={classes.steps} aria-label="Get started">
      <h2>Get started</h2>
      <ol>
        {steps.map(({ name, state }, nth) => {
          const { title, text, action } = STEP[name];
          const reason = reasons[name];
          return (
            <li key={name} data-state={state} aria-current={state === "next" ? "step" : undefined}>
              <span className={classes.place} aria-hidden="true">
                {state === "done" ? <IconCheck size={16} /> : nth + 1}
              </span>
              <div>
                <h3>
                  {title} <span className="visually-hidden">({STATE_TEXTS[state]})</span>
                </h3>
                <p>{text}</p>
                {state === "next" && (reason ? <p>{obstacleText(reason)}</p> : action)}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
