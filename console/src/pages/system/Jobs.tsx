import type { SystemStatus } from "@attacklens/protocol/system-status.ts";
import { Table } from "@mantine/core";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Section } from "../../ui/Section.tsx";
import { Status } from "../../ui/Status.tsx";
import classes from "./SystemPage.module.css";

/** The work of the server on a timer. */
export function Jobs({ jobs }: { jobs: SystemStatus["jobs"] }) {
  return (
    <Section title="Background jobs" text="Since the server started.">
      <Table.ScrollContainer minWidth={640}>
        <Table aria-label="Background jobs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Job</Table.Th>
              <Table.Th w={140}>Last run</Table.Th>
              <Table.Th w={120}>Next run</Table.Th>
              <Table.Th w="34%">Result</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {jobs.map(({ name, lastRunAt, nextRunAt, lastError, isFailing }) => (
              <Table.Tr key={name}>
                <Table.Td>{name.charAt(0).toUpperCase() + name.slice(1)}</Table.Td>
                <Table.Td>{lastRunAt ? <RelativeTime at={lastRunAt} /> : "Not yet"}</Table.Td>
                <Table.Td>{nextRunAt && <RelativeTime at={nextRunAt} />}</Table.Td>
                <Table.Td>
                  {isFailing ? (
                    <Status color="red">Failed</Status>
                  ) : lastRunAt ? (
                    <Status color="green">Succeeded</Status>
                  ) : (
                    ""
                  )}
                  {lastError && (
                    <div className={classes.error}>
                      {isFailing ? "" : "Last error "}
                      <RelativeTime at={lastError.at} />: {lastError.message}
                    </div>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}
