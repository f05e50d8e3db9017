import { ROLLOUT_STATES, type Rollout, type RolloutState } from "@attacklens/protocol/rollout.ts";
import { IconDownload, IconListCheck } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useMemo } from "react";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { REFUSAL_LABELS } from "../../components/token-words.ts";
import { useSetSearch } from "../../components/use-list.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { refreshMs, tokenQuery } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { columnsOf, DataTable } from "../../ui/DataTable.tsx";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { formatCount } from "../../ui/numbers.ts";
import { SearchInput } from "../../ui/SearchInput.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { Status, type StatusColor } from "../../ui/Status.tsx";
import classes from "./RolloutPage.module.css";
import { rolloutCsv } from "./rollout-csv.ts";
import { rolloutQuery } from "./token-queries.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/rollout");

type Host = Rollout["hosts"][number];

const STATE_LOOKS: Record<RolloutState, { label: string; color: StatusColor }> = {
  reporting: { label: "Reporting", color: "green" },
  arrived: { label: "Enrolled", color: "yellow" },
  refused: { label: "Refused", color: "red" },
  missing: { label: "Not seen yet", color: "gray" },
};
const STATES = ROLLOUT_STATES.map((value) => ({ value, label: STATE_LOOKS[value].label }));

export function readRolloutSearch(search: Record<string, unknown>): { q?: string; state?: RolloutState } {
  const state = ROLLOUT_STATES.find((one) => one === search.state);
  const q = typeof search.q === "string" ? search.q.slice(0, 200) : "";
  return { ...(q ? { q } : {}), ...(state ? { state } : {}) };
}

/** The progress of a rollout, host by host if their hostnames are known. */
export function RolloutPage() {
  const { tokenId } = route.useParams();
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const { data: token } = useSuspenseQuery(tokenQuery(tokenId));
  const { data: rollout } = useSuspenseQuery({
    ...rolloutQuery(tokenId),
    refetchInterval: refreshMs,
  });
  const { hosts } = rollout;
  const rows = useMemo(() => {
    const text = search.q?.toLowerCase() ?? "";
    return hosts.filter(
      ({ hostname, state }) => hostname.includes(text) && (search.state ?? state) === state,
    );
  }, [hosts, search.q, search.state]);
  const missing = hosts.filter(({ state }) => state === "missing" || state === "refused");

  if (rollout.expected === null) {
    return (
      <>
        <StateMessage
          icon={<IconListCheck size={20} />}
          title="No expected hosts yet"
          action={<ExpectButton tokenId={tokenId} isPrimary />}
        >
          Enter the hostnames of the hosts that will enroll with this token, or their number. This page then
          shows which hosts have enrolled, which were refused, and which are missing.
        </StateMessage>
        <Outlet />
      </>
    );
  }
  return (
    <>
      <div className={classes.counts}>
        <Count label="Expected" count={rollout.expected} />
        {ROLLOUT_STATES.filter((state) => hosts.length > 0 || state !== "refused").map((state) => (
          <Count key={state} label={STATE_LOOKS[state].label} count={rollout.counts[state]} />
        ))}
        {hosts.length > 0 && <Count label="Unexpected" count={rollout.unexpected} />}
        <div className={classes.actions}>
          {missing.length > 0 && (
            <ActionButton
              variant="default"
              leftSection={<IconDownload size={16} />}
              onClick={() => download(`${token.name} - missing.csv`, rolloutCsv(missing))}
            >
              Export missing
            </ActionButton>
          )}
          <ExpectButton tokenId={tokenId} />
        </div>
      </div>
      {hosts.length > 0 && (
        <>
          <search className={classes.tools}>
            <SearchInput label="Search by hostname" value={search.q} onChange={(q) => setSearch({ q })} />
            <FilterMenu
              label="State"
              value={search.state}
              options={STATES}
              onChange={(state) => setSearch({ state })}
            />
          </search>
          {rows.length > 0 ? (
            <DataTable
              label="Expected hosts"
              columns={columns}
              rows={rows}
              rowId={(host) => host.hostname}
              total={rows.length}
              hasMore={false}
              onMore={() => undefined}
            />
          ) : (
            <StateMessage title="No hosts match your search and filters" role="status" />
          )}
        </>
      )}
      <Outlet />
    </>
  );
}

function ExpectButton({ tokenId, isPrimary = false }: { tokenId: string; isPrimary?: boolean }) {
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  const look = { variant: isPrimary ? "filled" : "default" };
  if (disabledReason) {
    return (
      <ActionButton {...look} disabledReason={disabledReason}>
        Set expected hosts…
      </ActionButton>
    );
  }
  return (
    <ButtonLink {...look} {...paths.rolloutExpected(tokenId)} search={true}>
      Set expected hosts…
    </ButtonLink>
  );
}

function Count({ label, count }: { label: string; count: number }) {
  return (
    <div className={classes.count}>
      <span className={classes.number}>{formatCount(count)}</span>
      <span className={classes.label}>{label}</span>
    </div>
  );
}

const column = columnsOf<Host>();
const columns = [
  column.display({
    id: "hostname",
    header: "Hostname",
    cell: ({ row: { original: host } }) =>
      host.sensorId ? (
        <TextLink {...paths.sensor(host.sensorId)} c="inherit" fw={500}>
          {host.hostname}
        </TextLink>
      ) : (
        host.hostname
      ),
  }),
  column.display({
    id: "state",
    header: "State",
    meta: { width: "160px" },
    cell: ({ row }) => (
      <Status color={STATE_LOOKS[row.original.state].color}>{STATE_LOOKS[row.original.state].label}</Status>
    ),
  }),
  column.display({
    id: "reason",
    header: "Reason",
    meta: { width: "35%" },
    cell: ({ row }) => (row.original.reason ? REFUSAL_LABELS[row.original.reason] : ""),
  }),
];

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[/\\:*?"<>|]/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
