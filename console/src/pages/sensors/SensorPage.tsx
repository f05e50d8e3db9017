import { getSensor } from "@attacklens/protocol/sensors.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet, useNavigate } from "@tanstack/react-router";
import { TextLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { SensorStatusMark } from "../../components/statuses.tsx";
import { paths } from "../../paths.ts";
import { apiQuery, refreshMs } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { countOf } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { exactTime } from "../../ui/time.ts";
import classes from "./SensorPage.module.css";
import { SensorTabs } from "./SensorTabs.tsx";
import { awaitsApproval, osName } from "./sensor-words.ts";
import { useSensorActions } from "./use-sensor-actions.tsx";

const route = getRouteApi("/app/sensors/$sensorId");

/** The frame of a sensor's tabs: who it is, how it is, what one may do with it. */
export function SensorPage() {
  const { sensorId } = route.useParams();
  const navigate = useNavigate();
  const { data: sensor } = useSuspenseQuery({
    ...apiQuery(getSensor, { params: { id: sensorId } }),
    refetchInterval: refreshMs,
  });
  const { actionsFor, dialog } = useSensorActions(() => navigate(paths.sensors()));
  const { header, decisions } = actionsFor(sensor);
  return (
    <>
      <PageHeader
        breadcrumb={<TextLink {...paths.sensors()}>All sensors</TextLink>}
        title={sensor.hostname}
        mark={<SensorStatusMark status={sensor.status} />}
        description={
          <>
            {osName(sensor)} · {sensor.architecture} · seen <RelativeTime at={sensor.lastSeenAt} />
          </>
        }
        action={header.map((action) => (
          <ActionButton
            key={action.label}
            variant="default"
            {...(action.disabledReason || !action.danger ? {} : { c: "var(--mantine-color-error)" })}
            onClick={action.onSelect}
            disabledReason={action.disabledReason}
          >
            {action.label}
          </ActionButton>
        ))}
      />
      {awaitsApproval(sensor) && (
        <div className={classes.notice}>
          <Notice kind="warning">
            {sensor.cloneOf && (
              <>
                Its host ran with the key of{" "}
                {sensor.cloneOf.deleted ? (
                  sensor.cloneOf.name
                ) : (
                  <TextLink {...paths.sensor(sensor.cloneOf.id)}>{sensor.cloneOf.name}</TextLink>
                )}
                , e.g. as a clone of its disk.{" "}
              </>
            )}
            It waits for approval and has reported nothing. Compare the fingerprint {sensor.fingerprint} with
            what the machine shows before you let it in.
          </Notice>
        </div>
      )}
      {sensor.uninstalledAt !== null && (
        <div className={classes.notice}>
          <Notice kind="info">
            Uninstalled {exactTime(sensor.uninstalledAt)}: the host said unenroll, and its key is refused
            since.
          </Notice>
        </div>
      )}
      {sensor.removedAt !== null && (
        <div className={classes.notice}>
          <Notice kind="info">
            Removed {exactTime(sensor.removedAt)} as ephemeral: it was offline for{" "}
            {countOf(sensor.ephemeralHours ?? 0, "hour")}. Its key is refused since; what it reported is kept
            for 30 days.
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
            since {exactTime(sensor.replacedAt)}: {sensor.replacedBy.name} goes on with its history and its
            asset. If this one is heard again, it is separated by itself.
          </Notice>
        </div>
      )}
      {sensor.status === "offline" && (
        <div className={classes.notice}>
          <Notice kind="warning">Silent since {exactTime(sensor.lastSeenAt)}.</Notice>
        </div>
      )}
      {sensor.blockedAt !== null && (
        <div className={classes.notice}>
          <Notice kind="danger">
            Blocked {exactTime(sensor.blockedAt)} by {sensor.blockedBy ?? "a person who is gone"}: its
            requests are refused.
          </Notice>
        </div>
      )}
      <SensorTabs sensorId={sensorId} inventory={sensor.inventory} />
      <Outlet />
      {dialog}
    </>
  );
}
