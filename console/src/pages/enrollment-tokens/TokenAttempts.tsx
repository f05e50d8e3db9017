// The use ledger of a token: every attempt to enroll with it, accepted or refused, newest first.
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { apiQuery, REFRESH_MS } from "../../queries.ts";
import { formatCount } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Section } from "../../ui/Section.tsx";
import { Status } from "../../ui/Status.tsx";
import { REASON_WORDS } from "./token-words.ts";

const SHOWN = 100;

export function TokenAttempts({ tokenId }: { tokenId: string }) {
  const { data } = useQuery({
    ...apiQuery(listEnrollmentAttempts, { query: { enrollmentTokenId: tokenId, limit: SHOWN } }),
    refetchInterval: REFRESH_MS,
  });
  const attempts = data?.items ?? [];
  return (
    <Section title="Attempts">
      {attempts.length === 0 ? (
        <Text c="dimmed">{data ? "Nobody has tried to enroll with it yet." : "Loading"}</Text>
      ) : (
        <Table.ScrollContainer minWidth={720}>
          <Table aria-label="Attempts to enroll">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Time</Table.Th>
                <Table.Th>Outcome</Table.Th>
                <Table.Th>Why</Table.Th>
                <Table.Th>Claimed host</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th ta="right">Attempts</Table.Th>
                <Table.Th>Reference</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {attempts.map((attempt) => (
                <Table.Tr key={attempt.id}>
                  <Table.Td>
                    <RelativeTime at={attempt.at} />
                  </Table.Td>
                  <Table.Td>
                    {attempt.reason === null ? (
                      <Status color="green">Accepted</Status>
                    ) : (
                      <Status color="red">{REASON_WORDS[attempt.reason]}</Status>
                    )}
                  </Table.Td>
                  <Table.Td>{attempt.detail ?? ""}</Table.Td>
                  <Table.Td>
                    {attempt.sensor && !attempt.sensor.deleted ? (
                      <TextLink {...paths.sensor(attempt.sensor.id)}>{attempt.hostname}</TextLink>
                    ) : (
                      attempt.hostname
                    )}
                  </Table.Td>
                  <Table.Td>{attempt.address}</Table.Td>
                  <Table.Td ta="right">{formatCount(attempt.attempts)}</Table.Td>
                  <Table.Td>{attempt.reason === null ? "" : <code>{attempt.reference}</code>}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {data?.nextCursor && <Text c="dimmed">The latest {SHOWN} are shown.</Text>}
    </Section>
  );
}
