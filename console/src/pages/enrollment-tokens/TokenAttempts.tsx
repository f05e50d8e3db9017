// Every attempt to enroll with a token, newest first.
import { type EnrollmentAttempt, listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Button, Group, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { TextLink } from "../../components/links.tsx";
import { fixOf } from "../../components/refusal-fix.ts";
import { REFUSAL_LABELS } from "../../components/token-words.ts";
import { paths } from "../../paths.ts";
import { apiListQuery } from "../../queries.ts";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { formatCount } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Section } from "../../ui/Section.tsx";
import { Status } from "../../ui/Status.tsx";
import { withLocalTimes } from "../../ui/time.ts";

const OUTCOMES = [
  { value: "accepted", label: "Accepted" },
  { value: "refused", label: "Refused" },
] as const;

export function TokenAttempts({ token }: { token: EnrollmentToken }) {
  const [outcome, setOutcome] = useState<"accepted" | "refused">();
  const query = { enrollmentTokenId: token.id, ...(outcome ? { outcome } : {}) };
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    apiListQuery(listEnrollmentAttempts, { query }),
  );
  const attempts = (data?.pages.flatMap((page) => page.items) ?? []) as EnrollmentAttempt[];
  return (
    <Section title="Attempts" text="Every host that presented this token, and the result.">
      <Group mb="xs">
        <FilterMenu
          label="Result"
          value={outcome}
          options={OUTCOMES}
          onChange={(chosen) => setOutcome(chosen as typeof outcome)}
        />
      </Group>
      {attempts.length === 0 ? (
        <Text c="dimmed">
          {!data
            ? "Loading…"
            : outcome
              ? "No attempts have this result."
              : "No host has presented this token yet."}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={760}>
          <Table aria-label="Enrollment attempts">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Time</Table.Th>
                <Table.Th>Result</Table.Th>
                <Table.Th>Reported hostname</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th>Details</Table.Th>
                <Table.Th ta="right">Attempts</Table.Th>
                <Table.Th>Reference</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {attempts.map((attempt) => {
                const fix = fixOf(attempt, token);
                return (
                  <Table.Tr key={attempt.id}>
                    <Table.Td>
                      <RelativeTime at={attempt.at} />
                    </Table.Td>
                    <Table.Td>
                      {attempt.reason === null ? (
                        <Status color="green">Accepted</Status>
                      ) : (
                        <Status color="red">{REFUSAL_LABELS[attempt.reason]}</Status>
                      )}
                    </Table.Td>
                    <Table.Td>
                      {attempt.sensor && !attempt.sensor.deleted ? (
                        <TextLink {...paths.sensor(attempt.sensor.id)}>{attempt.hostname}</TextLink>
                      ) : (
                        attempt.hostname
                      )}
                    </Table.Td>
                    <Table.Td>{attempt.address}</Table.Td>
                    <Table.Td>
                      {withLocalTimes(attempt.detail ?? "")}
                      {fix && (
                        <>
                          {" "}
                          <TextLink {...paths.enrollmentTokenEdit(token.id, fix.proposal)}>
                            {fix.label}
                          </TextLink>
                        </>
                      )}
                    </Table.Td>
                    <Table.Td ta="right">{formatCount(attempt.attempts)}</Table.Td>
                    <Table.Td>{attempt.reason === null ? "" : <code>{attempt.reference}</code>}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
          Show more
        </Button>
      )}
    </Section>
  );
}
