import type { Rollout } from "@attacklens/protocol/rollout.ts";
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useSetSearch } from "../../components/use-list.ts";
import { tokenQuery } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { countOf, formatCount } from "../../ui/numbers.ts";
import { SearchInput } from "../../ui/SearchInput.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { saveFile } from "../../ui/save-file.ts";
import classes from "./RolloutPage.module.css";
import { rolloutColumns } from "./rollout-columns.tsx";
import { rolloutCsv } from "./rollout-csv.ts";
import { filteredHosts, sortedHosts } from "./rollout-states.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/rollout");

/** The hosts that match the search and the chosen states, and their export. */
export function RolloutHosts({ rollout: { hosts }, tokenId }: { rollout: Rollout; tokenId: string }) {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const { data: token } = useSuspenseQuery(tokenQuery(tokenId));
  const { q, state, sort, order } = search;
  const rows = useMemo(() => {
    const filtered = filteredHosts(hosts, { ...(q && { q }), ...(state && { state }) });
    return sortedHosts(filtered, sort, order);
  }, [hosts, q, state, sort, order]);
  const isFiltered = Boolean(q || state);
  const clear = () => setSearch({ q: undefined, state: undefined });
  return (
    <div className={classes.hosts}>
      <div className={classes.tools}>
        <search>
          <SearchInput label="Search by hostname" value={q} onChange={(q) => setSearch({ q })} />
        </search>
        <span className={classes.shown} role="status">
          {isFiltered
            ? `${formatCount(rows.length)} of ${countOf(hosts.length, "host")}`
            : countOf(hosts.length, "host")}
        </span>
        {isFiltered && (
          <Button variant="subtle" color="gray" onClick={clear}>
            Clear
          </Button>
        )}
        <div className={classes.actions}>
          <ActionButton
            variant="default"
            leftSection={<IconDownload size={16} />}
            disabledReason={rows.length === 0 ? "No hosts match your search and filters." : undefined}
            onClick={() => saveFile(exportName(token.name, state), rolloutCsv(rows))}
          >
            Export CSV
          </ActionButton>
        </div>
      </div>
      {rows.length > 0 ? (
        <DataTable
          label="Expected hosts"
          columns={rolloutColumns}
          rows={rows}
          rowId={(host) => host.hostname}
          total={rows.length}
          sort={sort}
          order={order}
          onSort={(sort, order) => setSearch({ sort, order })}
          hasMore={false}
          onMore={() => undefined}
        />
      ) : (
        <StateMessage title="No hosts match your search and filters" />
      )}
    </div>
  );
}

/** `East - refused missing.csv` */
function exportName(token: string, state: string | undefined): string {
  return `${token} - ${state?.replaceAll(",", " ") ?? "rollout"}.csv`;
}
