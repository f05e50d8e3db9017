import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet, useNavigate } from "@tanstack/react-router";
import { TextLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { SensorStatusMark } from "../../components/statuses.tsx";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { ActionsMenu } from "../../ui/ActionsMenu.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { exactTime } from "../../ui/time.ts";
import classes from "./SensorPage.module.css";
import { SensorTabs } from "./SensorTabs.tsx";
import { sensorQuery } from "./sensor-queries.ts";
import { awaitsApproval, offlinePeriod, osName } from "./sensor-words.ts";
import { useSensorActions } from "./use-sensor-actions.tsx";

const route = getRouteApi("/app/sensors/$sensorId");

/** The frame of a sensor's tabs: its hostname, its status, its notices and its actions. */
export function SensorPage() {
  const { sensorId } = route.useParams();
  const navigate = useNavigate();
  const { data: sensor } = useSuspenseQuery({
    ...sensorQuery(sensorId),
    refetchInterval: refreshMs,
  });
  const { actionsFor, dialog } = useSensorActions(() => navigate(paths.sensors()));
  const { approval, others, decisions } = actionsFor(sensor);
  return (
    <>
      <PageHeader
        manage="sensors:manage"
        breadcrumb={<TextLink {...paths.sensors()}>All sensors</TextLink>}
        title={sensor.hostname}
        mark={<SensorStatusMark status={sensor.status} />}
        description={
          <>
            {osName(sensor)} · {sensor.architecture} · seen <RelativeTime at={sensor.lastSeenAt} />
          </>
        }
        action={
          <>
            {approval && (
              <ActionButton onClick={approval.onSelect} disabledReason={approval.disabledReason}>
                {approval.label}
              </ActionButton>
            )}
            <ActionsMenu actions={others} />
          </>
        }
      />
      {awaitsApproval(sensor) && (
        <div className={classes.notice}>
          <Notice kind="warning">
            {sensor.cloneOf && (
              <>
                This host ran with the key of{" "}
                {sensor.cloneOf.deleted ? (
                  sensor.cloneOf.name
                ) : (
                  <TextLink {...paths.sensor(sensor.cloneOf.id)}>{sensor.cloneOf.name}</TextLink>
                )}
                , for example because its disk was copied.{" "}
              </>
            )}
            The sensor awaits approval and has not reported anything. Before you approve it, compare its
            fingerprint {sensor.fingerprint} with the one on the host.
          </Notice>
        </div>
      )}
      {sensor.uninstalledAt !== null && (
        <div className={classes.notice}>
          <Notice kind="info">
            Uninstalled on {exactTime(sensor.uninstalledAt)}. The sensor was unenrolled; its key is revoked.
          </Notice>
        </div>
      )}
      {sensor.removedAt !== null && (
        <div className={classes.notice}>
          <Notice kind="info">
            Removed on {exactTime(sensor.removedAt)}, because this ephemeral sensor was offline for{" "}
            {offlinePeriod(sensor)}. Its key is revoked. Its data is kept for 30 days.
          </Notice>
        </div>
      )}
      {sensor.replacedBy && sensor.replacedAt && (
        <div className={classes.notice}>
          <Notice
            kind="info"
            action={decisions.map(({ label, onSelect, disabledReason }) => (
              <ActionButton
                key={label}
                size="compact-sm"
                variant="default"
                onClick={onSelect}
                disabledReason={disabledReason}
              >
                {label}
              </ActionButton>
            ))}
          >
            Replaced by <TextLink {...paths.sensor(sensor.replacedBy.id)}>{sensor.replacedBy.name}</TextLink>{" "}
            on {exactTime(sensor.replacedAt)}. {sensor.replacedBy.name} has its history and asset. If this
            sensor checks in again, the merge is undone automatically.
          </Notice>
        </div>
      )}
      {sensor.status === "offline" && (
        <div className={classes.notice}>
          <Notice kind="warning">No contact since {exactTime(sensor.lastSeenAt)}.</Notice>
        </div>
      )}
      {sensor.blockedAt !== null && (
        <div className={classes.notice}>
          <Notice kind="info">
            Blocked on {exactTime(sensor.blockedAt)} by {sensor.blockedBy ?? "a deleted user"}. The server
            refuses its requests.
          </Notice>
        </div>
      )}
      <SensorTabs sensorId={sensorId} inventory={sensor.inventory} />
      <Outlet />
      {dialog}
    </>
  );
}
