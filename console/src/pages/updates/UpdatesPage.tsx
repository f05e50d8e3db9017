// Releases, the versions across the fleet, and the rings in their order.
import type { StoredRelease } from "@attacklens/protocol/update-rings.ts";
import { IconDownload, IconPlus } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { CommandBlock } from "../../components/CommandBlock.tsx";
import { HistoryTable } from "../../components/HistoryTable.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { PageBody } from "../../ui/PageBody.tsx";
import { Section } from "../../ui/Section.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { exactTime } from "../../ui/time.ts";
import { ReleasesTable } from "./ReleasesTable.tsx";
import { RingList } from "./RingList.tsx";
import classes from "./UpdatesPage.module.css";
import { ringEventsQuery, updatesQuery } from "./update-queries.ts";
import { VersionsBar } from "./VersionsBar.tsx";

export function UpdatesPage() {
  const { data } = useSuspenseQuery({ ...updatesQuery, refetchInterval: refreshMs });
  const { releases, versions, rings } = data;
  return (
    <>
      <PageHeader
        manage="updates:manage"
        title="Updates"
        description="Which release each host runs, and the rings in which hosts get a new one."
        action={
          <div className={classes.actions}>
            <ButtonLink {...paths.updateHosts()} variant="default">
              Show hosts
            </ButtonLink>
            <CreateRing />
          </div>
        }
      />
      <PageBody>
        {expiryNotices(releases)}
        {releases.length === 0 && <NoRelease />}
        {versions.length > 0 && (
          <Section title="Versions" text="What the enrolled hosts run. Choose a version to list its hosts.">
            <VersionsBar versions={versions} newest={releases[0]?.version} />
          </Section>
        )}
        <Section
          title="Rings"
          text="A new release goes to the rings from top to bottom. A ring starts after the canaries of each earlier one have succeeded."
        >
          <RingList rings={rings} canReorder={data.can.reorder} />
        </Section>
        {releases.length > 0 && (
          <Section
            title="Releases"
            text="What the server stores. The newest is the one with the highest counter."
          >
            <ReleasesTable releases={releases} />
          </Section>
        )}
        <Section title="Changes" text="Who changed what, and when a ring stopped.">
          <HistoryTable query={ringEventsQuery} withObjects />
        </Section>
      </PageBody>
      <Outlet />
    </>
  );
}

function CreateRing() {
  const disabledReason = usePermissionReason("updates:manage");
  if (disabledReason) return null;
  return (
    <ButtonLink {...paths.updateRingNew()} leftSection={<IconPlus size={16} />}>
      Create Ring
    </ButtonLink>
  );
}

/** About the newest release. Hosts get no other without a pin. */
function expiryNotices([newest]: readonly StoredRelease[]) {
  if (!newest || !(newest.isExpired || newest.expiresSoon)) return null;
  return (
    <div className={classes.notice}>
      <Notice kind={newest.isExpired ? "danger" : "warning"}>
        {newest.isExpired
          ? `The signature of ${newest.version} expired on ${exactTime(newest.expires)}. No sensor updates to it. Sensors that run it keep running.`
          : `The signature of ${newest.version} expires on ${exactTime(newest.expires)}. After that, no sensor updates to it.`}{" "}
        Add a newer release, or the same one signed again.
      </Notice>
    </div>
  );
}

function NoRelease() {
  return (
    <>
      <StateMessage icon={<IconDownload size={20} />} title="No release yet">
        The server stores no release of the sensor, so no host is offered an update.
      </StateMessage>
      <div className={classes.command}>
        <CommandBlock
          title="On the server's host"
          command="attacklens releases add FOLDER"
          note="FOLDER has manifest.json and the programs of a signed release. The server offers it at once, without a restart."
        />
      </div>
    </>
  );
}
