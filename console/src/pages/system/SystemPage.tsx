import type { SystemStatus } from "@attacklens/protocol/system-status.ts";
import { Anchor } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { formatBytes, formatCount } from "../../ui/numbers.ts";
import { PageBody } from "../../ui/PageBody.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Section } from "../../ui/Section.tsx";
import { Status } from "../../ui/Status.tsx";
import { exactTime } from "../../ui/time.ts";
import { Jobs } from "./Jobs.tsx";
import { Lacks } from "./Lacks.tsx";
import { Licenses } from "./Licenses.tsx";
import classes from "./SystemPage.module.css";
import { systemQuery } from "./system-queries.ts";

export function SystemPage() {
  const { data: system } = useSuspenseQuery({ ...systemQuery, refetchInterval: refreshMs });
  return (
    <>
      <PageHeader title="System" description="The server, its database, and what this installation lacks." />
      <PageBody>
        <Lacks lacks={system.lacks} />
        <Section title="Server">
          <ServerFacts system={system} />
        </Section>
        <Section title="Health">
          <Facts
            facts={system.health.map(({ name, ok, text }) => ({
              label: name,
              value: <Status color={ok ? "green" : "red"}>{text}</Status>,
            }))}
          />
        </Section>
        <Section title="Address" text="How users and sensors reach this server.">
          <AddressFacts address={system.address} />
        </Section>
        <Section
          title="Certificate"
          {...(system.certificate
            ? {}
            : { text: "This server does not terminate TLS for sensors, so it has no certificate." })}
        >
          {system.certificate && <CertificateFacts certificate={system.certificate} />}
        </Section>
        <Jobs jobs={system.jobs} />
        <Section title="References">
          <p className={classes.links}>
            <Anchor href="/api/reference" inherit>
              API reference
            </Anchor>
            <Anchor href="/api/openapi.json" inherit>
              OpenAPI document
            </Anchor>
            <TextLink {...paths.deploy()}>Deployment guides</TextLink>
          </p>
          <Licenses />
        </Section>
      </PageBody>
    </>
  );
}

function ServerFacts({ system }: { system: SystemStatus }) {
  const { version, commit, runtime, startedAt, processes, database, sensors } = system;
  return (
    <Facts
      facts={[
        { label: "Version", value: version },
        {
          label: "Build",
          value: commit === "unknown" ? "Unknown" : <CopyText value={commit} name="commit" short />,
        },
        { label: "Runtime", value: runtime },
        { label: "Started", value: <RelativeTime at={startedAt} /> },
        { label: "Processes", value: formatCount(processes) },
        { label: "Database", value: `${database.kind} ${database.version}` },
        { label: "Database size", value: formatBytes(database.sizeBytes) },
        {
          label: "Connected sensors",
          value: (
            <>
              <TextLink {...paths.sensors({ status: "online" })}>
                {formatCount(sensors.online)} online
              </TextLink>{" "}
              of <TextLink {...paths.sensors()}>{formatCount(sensors.all)}</TextLink>
            </>
          ),
        },
      ]}
    />
  );
}

function AddressFacts({ address }: { address: SystemStatus["address"] }) {
  const { publicUrl, sensorUrl, caPin } = address;
  const here = window.location.origin;
  return (
    <Facts
      facts={[
        {
          label: "Public URL",
          value: publicUrl ? <CopyText value={publicUrl} name="public URL" /> : "Not configured",
        },
        {
          label: "Address for sensors",
          value: <CopyText value={sensorUrl ?? here} name="address for sensors" />,
        },
        {
          label: "CA pin",
          value: caPin ? (
            <CopyText value={caPin} name="CA pin" />
          ) : (
            "Not pinned: the system's trusted CAs are used"
          ),
          isWide: true,
        },
      ]}
    />
  );
}

function CertificateFacts({ certificate }: { certificate: NonNullable<SystemStatus["certificate"]> }) {
  const { names, issuer, startsAt, expiresAt, sha256, source } = certificate;
  return (
    <Facts
      facts={[
        { label: "Names", value: names.join(", ") },
        { label: "Issuer", value: issuer },
        { label: "Valid from", value: exactTime(startsAt) },
        {
          label: "Expires",
          value: (
            <>
              {exactTime(expiresAt)} (<RelativeTime at={expiresAt} />)
            </>
          ),
        },
        {
          label: "Renewal",
          value:
            source === "private-ca"
              ? "Automatic, 30 days before it expires"
              : "By the operator: replace the file, then send SIGHUP to the server",
          isWide: true,
        },
        { label: "SHA-256", value: <CopyText value={sha256} name="SHA-256" />, isWide: true },
      ]}
    />
  );
}
