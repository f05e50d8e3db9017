// The columns of a list that the user chose. The browser remembers them for each user and list. The address
// has them too, so that a shared link shows the same columns.
import { COLUMNS_NAME } from "@attacklens/protocol/list-search.ts";
import { useState } from "react";
import type { Columns } from "../ui/DataTable.tsx";
import { useSetSearch } from "./use-list.ts";

export interface ColumnChoice {
  id: string;
  label: string;
  isShown: boolean;
}

interface ListColumns<Row extends { id: string }> {
  shown: Columns<Row>;
  choices: ColumnChoice[];
  /** The ids of the columns that the user chose, with commas; undefined: the usual ones. */
  chosen: string | undefined;
  toggle: (id: string) => void;
}

/** The first column and columns without a title are always shown. `fromAddress`: of this address. */
export function useColumns<Row extends { id: string }>(
  userId: string,
  list: string,
  columns: Columns<Row>,
  fromAddress: string | undefined,
): ListColumns<Row> {
  const setSearch = useSetSearch();
  const storedAs = `attacklens.columns.${userId}.${list}`;
  const [remembered, setRemembered] = useState(() => localStorage.getItem(storedAs));
  const titled = columns.slice(1).filter(({ header }) => typeof header === "string");
  const text = fromAddress ?? remembered;
  const chosen = text === null ? undefined : new Set(text.split(","));
  const isShown = ({ id, meta }: Columns<Row>[number]) => (chosen ? chosen.has(id ?? "") : !meta?.isOptional);
  const choices = titled.map((column) => ({
    id: column.id ?? "",
    label: String(column.header),
    isShown: isShown(column),
  }));

  function toggle(id: string) {
    const ids = choices.filter((one) => (one.id === id ? !one.isShown : one.isShown)).map((one) => one.id);
    const next = [columns[0]?.id ?? "", ...ids].join(",");
    localStorage.setItem(storedAs, next);
    setRemembered(next);
    setSearch({ [COLUMNS_NAME]: next });
  }
  return {
    shown: columns.filter((column) => !titled.includes(column) || isShown(column)),
    choices,
    chosen: text ?? undefined,
    toggle,
  };
}
