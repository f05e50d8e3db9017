// Saved views of a list: choose one, save the present search as one, and change the chosen one.
import { deleteView, listViews, updateView, type View, type ViewList } from "@attacklens/protocol/views.ts";
import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBookmark } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { callApi, problemOf } from "../api.ts";
import { parseSearch } from "../paths.ts";
import { apiQuery, refresh } from "../queries.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { MenuActions, permittedActions, type RowAction } from "../ui/RowMenu.tsx";
import { disabledReason } from "./disabled-reason.ts";
import classes from "./ListPage.module.css";
import { searchOfView, viewOf } from "./list-views.ts";
import type { SetSearch } from "./use-list.ts";
import { ViewDialog } from "./ViewDialog.tsx";

interface ViewsMenuProps {
  list: ViewList;
  search: Record<string, unknown>;
  setSearch: SetSearch;
  /** The ids of the columns that the user chose, if any. */
  columns: string | undefined;
}

export function ViewsMenu({ list, search, setSearch, columns }: ViewsMenuProps) {
  const text = searchOfView(search, columns);
  const [wasOpened, setOpened] = useState(false);
  const [dialog, setDialog] = useState<"save" | "edit" | "delete">();
  const [lastId, setLastId] = useState<string>();
  const queryClient = useQueryClient();
  const isNeeded = wasOpened || Object.values(search).some(Boolean);
  const query = useQuery({ ...apiQuery(listViews, { query: { list } }), enabled: isNeeded });
  const views = query.data?.items ?? [];
  const { view, isChanged } = viewOf(views, search, columns, lastId);

  function show(view: View | undefined) {
    setLastId(view?.id);
    const none = Object.fromEntries(Object.keys(search).map((name) => [name, undefined]));
    setSearch({ ...none, ...parseSearch(view?.search ?? "") });
  }
  async function update({ id, name }: View) {
    try {
      await callApi(updateView, { params: { id }, body: { search: text } });
      notifications.show({ message: `“${name}” now has the present search and columns.` });
    } catch (error) {
      notifications.show({ color: "red", message: problemOf(error).detail });
    }
    await refresh(queryClient, "views");
  }
  async function remove({ id, name }: View) {
    await callApi(deleteView, { params: { id } });
    setLastId(undefined);
    await refresh(queryClient, "views");
    notifications.show({ message: `View “${name}” is deleted.` });
  }

  const actions = view ? actionsOn(view) : [];
  function actionsOn(view: View): RowAction[] {
    const updating = disabledReason(view.can.update);
    const own: RowAction[] = [
      { label: "Update view", onSelect: () => void update(view), disabledReason: updating },
      {
        label: "Rename or share view…",
        onSelect: () => setDialog("edit"),
        disabledReason: updating,
      },
    ];
    return permittedActions([
      ...(view.isOwn ? own.slice(isChanged ? 0 : 1) : []),
      {
        label: "Delete view…",
        onSelect: () => setDialog("delete"),
        danger: true,
        disabledReason: disabledReason(view.can.delete),
      },
    ]);
  }

  return (
    <>
      <Menu position="bottom-end" width={280} withinPortal={false} onOpen={() => setOpened(true)}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden="true" />}>
            {view ? <span className={classes.view}>{view.name}</span> : "Views"}
            {view && isChanged && <span className={classes.changed}>(changed)</span>}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={classes.views}>
          {wasOpened && query.isPending && <Menu.Label role="none">Loading…</Menu.Label>}
          {query.data && views.length === 0 && <Menu.Label role="none">No saved views yet</Menu.Label>}
          <Menu.RadioGroup
            value={view && !isChanged ? view.id : null}
            onChange={(id) => show(views.find((one) => one.id === id))}
          >
            <Choices title="My views" views={views.filter(({ isOwn }) => isOwn)} />
            <Choices title="Shared by others" views={views.filter(({ isOwn }) => !isOwn)} />
          </Menu.RadioGroup>
          {views.length > 0 && <Menu.Divider />}
          {view && <Menu.Item onClick={() => show(undefined)}>Leave view</Menu.Item>}
          <Menu.Item onClick={() => setDialog("save")}>Save view…</Menu.Item>
          <MenuActions actions={actions} />
        </Menu.Dropdown>
      </Menu>
      {dialog === "save" && (
        <ViewDialog list={list} search={text} onSaved={show} onClose={() => setDialog(undefined)} />
      )}
      {dialog === "edit" && view && (
        <ViewDialog list={list} search={text} view={view} onClose={() => setDialog(undefined)} />
      )}
      {dialog === "delete" && view && (
        <ConfirmDialog
          title="Delete view?"
          action="Delete view"
          onConfirm={() => remove(view)}
          onClose={() => setDialog(undefined)}
          errorText={(error) => problemOf(error).detail}
        >
          <strong>{view.name}</strong> is deleted{view.isShared && " for everyone who can read this list"}.
          What it shows is not changed.
        </ConfirmDialog>
      )}
    </>
  );
}

function Choices({ title, views }: { title: string; views: readonly View[] }) {
  if (views.length === 0) return null;
  return (
    <>
      <Menu.Label role="none">{title}</Menu.Label>
      {views.map(({ id, name, isShared, isOwn, owner }) => (
        <Menu.RadioItem key={id} value={id} closeMenuOnClick>
          {name} {isShared && <span className={classes.owner}>{isOwn ? "Shared" : owner}</span>}
        </Menu.RadioItem>
      ))}
    </>
  );
}
