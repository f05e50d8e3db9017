import type { EnrollmentAttempt } from "@attacklens/protocol/enrollment-attempts.ts";
import { enrollmentExports } from "@attacklens/protocol/list-exports.ts";
import { IconDoorEnter } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { REFUSAL_LABELS } from "../../components/token-words.ts";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { paths } from "../../paths.ts";
import { columnsOf } from "../../ui/DataTable.tsx";
import { FilterChip, FilterMenu } from "../../ui/FilterMenu.tsx";
import { formatCount, shortId } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { Status } from "../../ui/Status.tsx";
import { withLocalTimes } from "../../ui/time.ts";
import { boundsText, enrollmentList, PERIODS, startOf } from "./enrollment-list.ts";

const OUTCOMES = [
  { value: "accepted", label: "Accepted" },
  { value: "refused", label: "Refused" },
];
const route = getRouteApi("/app/sensors/enrollments");
const column = columnsOf<EnrollmentAttempt>();
const COLUMNS = [
  column.display({
    id: "at",
    header: "Time",
    meta: { width: "110px", sortable: true },
    cell: ({ row }) => <RelativeTime at={row.original.at} />,
  }),
  column.display({
    id: "hostname",
    header: "Reported hostname",
    meta: { isTitle: true },
    cell: ({ row: { original: attempt } }) =>
      attempt.sensor && !attempt.sensor.deleted ? (
        <TextLink {...paths.sensor(attempt.sensor.id)} title={attempt.hostname} c="inherit" fw={500}>
          {attempt.hostname}
        </TextLink>
      ) : (
        <span title={attempt.hostname}>{attempt.hostname}</span>
      ),
  }),
  column.display({
    id: "result",
    header: "Result",
    meta: { width: "180px" },
    cell: ({ row: { original: attempt } }) =>
      attempt.reason === null ? (
        <Status color="green">Accepted</Status>
      ) : (
        <Status color="red">{REFUSAL_LABELS[attempt.reason]}</Status>
      ),
  }),
  column.display({
    id: "token",
    header: "Enrollment Token",
    meta: { width: "17%" },
    cell: ({ row: { original: attempt } }) =>
      attempt.enrollmentToken.deleted ? (
        <span className="quiet" title={attempt.enrollmentToken.name}>
          {attempt.enrollmentToken.name} (deleted)
        </span>
      ) : (
        <TextLink
          {...paths.enrollmentToken(attempt.enrollmentToken.id)}
          title={attempt.enrollmentToken.name}
          c="inherit"
        >
          {attempt.enrollmentToken.name}
        </TextLink>
      ),
  }),
  column.display({
    id: "details",
    header: "Details",
    meta: { width: "17%", wideOnly: true },
    cell: ({ row: { original: attempt } }) => {
      const text = withLocalTimes(attempt.detail ?? "");
      return <span title={text}>{text}</span>;
    },
  }),
  column.display({
    id: "address",
    header: "Address",
    meta: { width: "130px", wideOnly: true },
    cell: ({ row }) => <span title={row.original.address}>{row.original.address}</span>,
  }),
  column.display({
    id: "attempts",
    header: "Attempts",
    meta: { width: "90px", align: "right", wideOnly: true },
    cell: ({ row }) => formatCount(row.original.attempts),
  }),
];

/** Every host that presented an enrollment token, and the result. */
export function EnrollmentsPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const list = useList(enrollmentList.query(search));
  const bounds = boundsText(search);
  return (
    <ListPage<EnrollmentAttempt>
      title="Enrollments"
      description="Every host that presented an Enrollment Token, and the result."
      noun="enrollments"
      views="enrollments"
      searchLabel="Search by hostname, address or reference"
      search={search}
      filterNames={["outcome", "from", "until", "enrollmentTokenId"]}
      filters={
        <>
          <FilterMenu
            label="Result"
            value={search.outcome}
            options={OUTCOMES}
            onChange={(outcome) => setSearch({ outcome })}
          />
          {bounds ? (
            <FilterChip
              label="Time"
              value={bounds}
              onClear={() => setSearch({ from: undefined, until: undefined })}
            />
          ) : (
            <FilterMenu
              label="Time"
              value={undefined}
              options={PERIODS}
              onChange={(days) => days && setSearch({ from: startOf(days, Date.now()), until: undefined })}
            />
          )}
          {search.enrollmentTokenId && (
            <FilterChip
              label="Enrollment Token"
              value={list.rows[0]?.enrollmentToken.name ?? shortId(search.enrollmentTokenId)}
              onClear={() => setSearch({ enrollmentTokenId: undefined })}
            />
          )}
        </>
      }
      exports={enrollmentExports}
      defaultSort={{ sort: "at", order: "desc" }}
      list={list}
      columns={COLUMNS}
      empty={
        <StateMessage
          icon={<IconDoorEnter size={20} />}
          title="No enrollments yet"
          action={<ButtonLink {...paths.deploy()}>Go to Deploy</ButtonLink>}
        >
          A host appears here when it presents an Enrollment Token, whether it is accepted or refused.
        </StateMessage>
      }
    />
  );
}
