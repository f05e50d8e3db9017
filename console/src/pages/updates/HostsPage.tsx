import { toCsv } from "@attacklens/protocol/csv.ts";
import { type HostUpdate, listUpdateHosts } from "@attacklens/protocol/update-rings.ts";
import { notifications } from "@mantine/notifications";
import { IconDownload, IconRadar2 } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { retryHost } from "../../components/retry-host.ts";
import { filterOptions } from "../../components/statuses.tsx";
import { HOST_STATE_LOOKS } from "../../components/update-words.ts";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { hostColumns } from "./host-columns.tsx";
import { hostCsvRows } from "./host-csv.ts";
import classes from "./UpdatesPage.module.css";
import { hostList, updatesQuery } from "./update-queries.ts";

const route = getRouteApi("/app/sensors/updates/hosts");
const STATES = filterOptions(HOST_STATE_LOOKS);

export function HostsPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: updates } = useQuery(updatesQuery);
  const retry = useCallback(
    async (host: HostUpdate) => {
      try {
        await retryHost(host);
        await refresh(queryClient, "updates");
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
    },
    [queryClient],
  );
  const columns = useMemo(() => hostColumns(retry), [retry]);
  const versions = (updates?.versions ?? []).map(({ version }) => version);
  const shown =
    search.version && !versions.includes(search.version) ? [search.version, ...versions] : versions;
  return (
    <ListPage<HostUpdate>
      title="Hosts and their updates"
      description="How each host is updated, and how far it got."
      manage="updates:manage"
      noun="hosts"
      views="update-hosts"
      action={
        <div className={classes.actions}>
          <ButtonLink {...paths.updates()} variant="default">
            Show rings
          </ButtonLink>
          <ExportButton search={search} />
        </div>
      }
      searchLabel="Search by hostname"
      search={search}
      filterNames={["state", "version", "ringId"]}
      filters={
        <>
          <FilterMenu
            label="State"
            value={search.state}
            options={STATES}
            onChange={(state) => setSearch({ state })}
          />
          <FilterMenu
            label="Version"
            value={search.version}
            options={shown.map((version) => ({ value: version, label: version }))}
            onChange={(version) => setSearch({ version })}
          />
          <FilterMenu
            label="Ring"
            value={search.ringId}
            options={(updates?.rings ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(ringId) => setSearch({ ringId })}
          />
        </>
      }
      defaultSort={{ sort: "hostname", order: "asc" }}
      list={useList(hostList.query(search))}
      columns={columns}
      onRowClick={({ id }) => void navigate(paths.sensor(id))}
      empty={
        <StateMessage
          icon={<IconRadar2 size={20} />}
          title="No hosts yet"
          action={<ButtonLink {...paths.enrollmentTokenNew()}>Create Token</ButtonLink>}
        >
          Each enrolled sensor appears here with its version and its update. Create an Enrollment Token to
          enroll the first one.
        </StateMessage>
      }
    />
  );
}

/** Every host that matches, not only those that are loaded. */
function ExportButton({ search }: { search: Parameters<typeof hostList.query>[0] }) {
  const [isLoading, setLoading] = useState(false);
  async function exportAll() {
    setLoading(true);
    try {
      const hosts: HostUpdate[] = [];
      let cursor: string | undefined;
      do {
        const query = { ...search, limit: 200, ...(cursor ? { cursor } : {}) };
        const page = await callApi(listUpdateHosts, { query });
        hosts.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      saveFile("updates.csv", toCsv(hostCsvRows(hosts)));
    } catch (error) {
      notifications.show({ color: "red", message: problemOf(error).detail });
    } finally {
      setLoading(false);
    }
  }
  return (
    <ActionButton
      variant="default"
      leftSection={<IconDownload size={16} />}
      loading={isLoading}
      onClick={() => void exportAll()}
    >
      Export CSV
    </ActionButton>
  );
}
