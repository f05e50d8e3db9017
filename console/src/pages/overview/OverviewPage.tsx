// The fleet now, what needs attention, and the way of a new installation to its first report.
import { useQuery } from "@tanstack/react-query";
import { ButtonLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { PageBody } from "../../ui/PageBody.tsx";
import { FirstSteps } from "./FirstSteps.tsx";
import { FleetStatus } from "./FleetStatus.tsx";
import { NeedsAttention } from "./NeedsAttention.tsx";
import { OperatingSystems } from "./OperatingSystems.tsx";
import classes from "./OverviewPage.module.css";
import { overviewQuery } from "./overview-queries.ts";
import { RecentEnrollments } from "./RecentEnrollments.tsx";
import { SensorVersions } from "./SensorVersions.tsx";

export function OverviewPage() {
  const mayCreate = usePermissionReason("enrollment-tokens:manage") === undefined;
  const { data } = useQuery(overviewQuery);
  // Charts of nothing would only distract from the first steps.
  const isEmpty = data !== undefined && !data.setup.sensor && !data.setup.report;
  return (
    <>
      <PageHeader
        title="Overview"
        description="Your fleet now, and what needs attention."
        action={
          !isEmpty && mayCreate && <ButtonLink {...paths.enrollmentTokenNew()}>Create Token</ButtonLink>
        }
      />
      <PageBody>
        <FirstSteps />
        {!isEmpty && (
          <div className={classes.panels}>
            <FleetStatus />
            <NeedsAttention />
            <RecentEnrollments />
            <OperatingSystems />
            <SensorVersions />
          </div>
        )}
      </PageBody>
    </>
  );
}
