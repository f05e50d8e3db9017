import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { PageBody } from "../../ui/PageBody.tsx";
import { Section } from "../../ui/Section.tsx";
import { Status } from "../../ui/Status.tsx";
import { exactTime } from "../../ui/time.ts";
import { ClonesTable } from "./ClonesTable.tsx";
import { CollectionTable } from "./CollectionTable.tsx";
import { MachineFacts } from "./MachineFacts.tsx";
import { MatchPanel } from "./MatchPanel.tsx";
import { earlierHostname } from "./match-words.ts";
import { ReplacedSensorsTable } from "./ReplacedSensorsTable.tsx";
import { SensorUpdate } from "./SensorUpdate.tsx";
import { sensorQuery } from "./sensor-queries.ts";
import { offlinePeriod, osName } from "./sensor-words.ts";
import { useSensorActions } from "./use-sensor-actions.tsx";

const route = getRouteApi("/app/sensors/$sensorId");

export function SensorOverview() {
  const { sensorId } = route.useParams();
  const { data: sensor } = useSuspenseQuery(sensorQuery(sensorId));
  const { actionsFor, dialog } = useSensorActions();
  const { enrolledBy, asset, assetGroup } = sensor;
  const enrolledAs = earlierHostname(sensor);
  return (
    <PageBody spaced>
      {sensor.match && <MatchPanel match={sensor.match} decisions={actionsFor(sensor).decisions} />}
      <MachineFacts sensorId={sensorId} />
      <Section title="Sensor" text="Its enrollment, its asset and its key.">
        <Facts
          facts={[
            { label: "Hostname", value: <CopyText value={sensor.hostname} name="hostname" /> },
            ...(enrolledAs
              ? [
                  { label: "Enrolled as", value: <CopyText value={enrolledAs} name="enrolled hostname" /> },
                  {
                    label: "Hostname rule",
                    value: sensor.isHostnameAllowed ? (
                      <Status color="green">Allowed by its token</Status>
                    ) : (
                      <Status color="red">Not allowed by its token</Status>
                    ),
                  },
                ]
              : []),
            { label: "Operating system", value: osName(sensor) },
            { label: "Address", value: <CopyText value={sensor.address} name="address" /> },
            { label: "Architecture", value: sensor.architecture },
            { label: "Sensor version", value: sensor.version },
            { label: "Last seen", value: exactTime(sensor.lastSeenAt) },
            { label: "Enrolled", value: exactTime(sensor.enrolledAt) },
            { label: "Asset", value: <TextLink {...paths.asset(asset.id)}>{asset.name}</TextLink> },
            {
              label: "Enrolled with",
              value: enrolledBy.deleted ? (
                `${enrolledBy.name} (deleted)`
              ) : (
                <TextLink {...paths.enrollmentToken(enrolledBy.id)}>{enrolledBy.name}</TextLink>
              ),
            },
            {
              label: "Asset Group",
              value: assetGroup ? (
                <TextLink {...paths.assets({ assetGroupId: assetGroup.id })}>{assetGroup.name}</TextLink>
              ) : (
                "None"
              ),
            },
            ...(sensor.cloneOf
              ? [
                  {
                    label: "Clone of",
                    value: sensor.cloneOf.deleted ? (
                      `${sensor.cloneOf.name} (deleted)`
                    ) : (
                      <TextLink {...paths.sensor(sensor.cloneOf.id)}>{sensor.cloneOf.name}</TextLink>
                    ),
                  },
                ]
              : []),
            ...(sensor.tags.length > 0 ? [{ label: "Tags", value: sensor.tags.join(", ") }] : []),
            ...(offlinePeriod(sensor)
              ? [
                  {
                    label: "Ephemeral",
                    value: `Removed after ${offlinePeriod(sensor)} offline`,
                  },
                ]
              : []),
            ...(sensor.approvedAt
              ? [
                  {
                    label: "Approved",
                    value: `${exactTime(sensor.approvedAt)} by ${sensor.approvedBy ?? "a deleted user"}`,
                  },
                ]
              : []),
            { label: "Key since", value: exactTime(sensor.keyChangedAt) },
            { label: "Fingerprint", value: <CopyText value={sensor.fingerprint} name="fingerprint" /> },
            { label: "Sensor ID", value: <CopyText value={sensor.id} name="sensor ID" short /> },
          ]}
        />
      </Section>
      <SensorUpdate sensorId={sensorId} />
      <Section
        title="Inventory"
        text="The categories that the sensor collects, and the result of each collection."
      >
        <CollectionTable sensorId={sensorId} inventory={sensor.inventory} />
      </Section>
      {sensor.replaces.length > 0 && (
        <Section
          title="Replaced sensors"
          text="Previous sensors of this host, from before it was re-imaged. This sensor has their history and asset. If one of them checks in again, its merge is undone automatically."
        >
          <ReplacedSensorsTable replaces={sensor.replaces} />
        </Section>
      )}
      {sensor.clones.length > 0 && (
        <Section
          title="Clones"
          text="Other hosts that ran with the key of this sensor, for example because its disk was copied. Their reports are not part of this sensor's data."
        >
          <ClonesTable clones={sensor.clones} />
        </Section>
      )}
      {dialog}
    </PageBody>
  );
}
