// Every attempt to enroll with a token, newest first.
import { type EnrollmentAttempt, listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Button, Group, Text } from "@mantine/core";
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
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { Status } from "../../ui/Status.tsx";
import { withLocalTimes } from "../../ui/time.ts";

const OUTCOMES = [
  { value: "accepted", label: "Accepted" },
  { value: "refused", label: "Refused" },
] as const;

const columnsOf = (token: EnrollmentToken): SmallColumn<EnrollmentAttempt>[] => [
  { label: "Time", width: "120px", cell: ({ at }) => <RelativeTime at={at} /> },
  {
    label: "Result",
    cell: ({ reason }) =>
      reason === null ? (
        <Status color="green">Accepted</Status>
      ) : (
        <Status color="red">{REFUSAL_LABELS[reason]}</Status>
      ),
  },
  {
    label: "Reported hostname",
    cell: ({ sensor, hostname }) =>
      sensor && !sensor.deleted ? <TextLink {...paths.sensor(sensor.id)}>{hostname}</TextLink> : hostname,
  },
  { label: "Address", cell: ({ address }) => address },
  { label: "Details", cell: (attempt) => detailsOf(attempt, token) },
  { label: "Attempts", align: "right", cell: ({ attempts }) => formatCount(attempts) },
  {
    label: "Reference",
    cell: ({ reason, reference }) => (reason === null ? null : <code>{reference}</code>),
  },
];

/** Why the host was refused, and the change of the token that would admit it. */
function detailsOf(attempt: EnrollmentAttempt, token: EnrollmentToken) {
  const fix = fixOf(attempt, token);
  const detail = withLocalTimes(attempt.detail ?? "");
  if (!fix) return detail || null;
  return (
    <span>
      {detail} <TextLink {...paths.enrollmentTokenEdit(token.id, fix.proposal)}>{fix.label}</TextLink>
    </span>
  );
}

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
        <SmallTable
          label="Enrollment attempts"
          columns={columnsOf(token)}
          rows={attempts}
          rowId={({ id }) => id}
        />
      )}
      {hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
          Show more
        </Button>
      )}
    </Section>
  );
}
