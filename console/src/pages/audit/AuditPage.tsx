// The audit log. Filters and search are in the URL, and exports have exactly the filtered events.
import {
  AUDIT_ACTIONS,
  AUDIT_ACTOR_NAMES,
  AUDIT_ENTITY_TYPES,
  auditActionWords,
} from "@attacklens/protocol/audit-actions.ts";
import {
  type AuditEvent,
  auditFilter,
  exportAuditCsv,
  exportAuditJsonLines,
} from "@attacklens/protocol/audit-events.ts";
import { Button, Menu } from "@mantine/core";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { entityTypeName } from "../../components/audit-words.ts";
import { ListPage } from "../../components/ListPage.tsx";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { stringifySearch } from "../../paths.ts";
import { FilterChip, FilterMenu } from "../../ui/FilterMenu.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { auditColumns } from "./audit-columns.tsx";
import { auditList } from "./audit-list.ts";
import { EventDialog } from "./EventDialog.tsx";
import { TimeFilter } from "./TimeFilter.tsx";

const route = getRouteApi("/app/settings/audit");

const ACTIONS = Object.entries(AUDIT_ACTIONS)
  .map(([value, label]) => ({ value, label }))
  .toSorted((one, other) => one.label.localeCompare(other.label, "en"));
const ACTORS = Object.entries(AUDIT_ACTOR_NAMES).map(([value, label]) => ({ value, label }));
const ENTITIES = Object.keys(AUDIT_ENTITY_TYPES).map((value) => ({ value, label: entityTypeName(value) }));
const FILTERS = Object.keys(auditFilter.shape).filter((name) => name !== "q");

export function AuditPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const list = useList<AuditEvent>(auditList.query(search));
  const [opened, setOpened] = useState<AuditEvent>();
  const columns = useMemo(() => auditColumns(setOpened), []);
  const { rows, hasMore, onMore } = list;
  // If few of many events match, a page can be empty although others follow.
  useEffect(() => {
    if (rows.length === 0 && hasMore) onMore();
  }, [rows.length, hasMore, onMore]);
  const actions = search.action?.split(",") ?? [];
  const nameOf = (id: string) =>
    rows.flatMap(({ actor, entity }) => [actor, entity]).find((one) => one.id === id)?.name ?? id;
  return (
    <>
      <ListPage<AuditEvent>
        title="Audit log"
        description="Every change, sign-in and display of a secret. Events cannot be edited."
        action={<ExportMenu search={search} />}
        reads="audit:read"
        noun="events"
        views="audit-log"
        searchLabel="Search names, addresses and values"
        search={search}
        filters={
          <>
            <TimeFilter from={search.from} to={search.to} onChange={(range) => setSearch({ ...range })} />
            <FilterMenu
              label="Actor"
              value={search.actorType}
              options={ACTORS}
              onChange={(actorType) => setSearch({ actorType })}
            />
            {actions.length > 1 ? (
              <FilterChip
                label="Action"
                value={actions.map(auditActionWords).join(", ")}
                onClear={() => setSearch({ action: undefined })}
              />
            ) : (
              <FilterMenu
                label="Action"
                value={search.action}
                options={ACTIONS}
                onChange={(action) => setSearch({ action })}
              />
            )}
            <FilterMenu
              label="Object"
              value={search.entityType}
              options={ENTITIES}
              onChange={(entityType) => setSearch({ entityType })}
            />
            {search.actorId && (
              <FilterChip
                label="Actor"
                value={nameOf(search.actorId)}
                onClear={() => setSearch({ actorId: undefined })}
              />
            )}
            {search.entityId && (
              <FilterChip
                label="Object"
                value={nameOf(search.entityId)}
                onClear={() => setSearch({ entityId: undefined })}
              />
            )}
            {search.address && (
              <FilterChip
                label="Address"
                value={search.address}
                onClear={() => setSearch({ address: undefined })}
              />
            )}
          </>
        }
        filterNames={FILTERS}
        defaultSort={{ sort: "at", order: "desc" }}
        list={list}
        columns={columns}
        onRowClick={setOpened}
        empty={
          <StateMessage icon={<IconHistory size={20} />} title="No events yet">
            Changes, sign-ins and displays of secrets appear here.
          </StateMessage>
        }
      />
      {opened && <EventDialog event={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

/** Links, so that the browser saves an export of any size while it arrives. */
function ExportMenu({ search }: { search: Record<string, unknown> }) {
  const filter = stringifySearch(
    Object.fromEntries(Object.keys(auditFilter.shape).map((name) => [name, search[name]])),
  );
  return (
    <Menu position="bottom-end" portalProps={{ target: "main" }}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {[
          { label: "JSON lines", path: exportAuditJsonLines.path },
          { label: "CSV", path: exportAuditCsv.path },
        ].map(({ label, path }) => (
          <Menu.Item key={label} component="a" href={path + filter} download>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
