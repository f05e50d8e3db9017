// Makes the columns of the inventory tables.
import type { ReactNode } from "react";
import { columnsOf } from "../../ui/DataTable.tsx";

/** A column of text. A column without a width takes the remaining space. */
export function columnMaker<Row extends { key: string }>() {
  const column = columnsOf<Row>();
  return (
    header: string,
    width: string | undefined,
    text: (row: Row) => string | undefined,
    show?: (row: Row) => ReactNode,
  ) =>
    column.display({
      id: header,
      header,
      meta: width ? { width } : {},
      cell: ({ row: { original } }) => {
        const value = text(original);
        if (!value) return show?.(original) || <Nothing />;
        return show?.(original) || <span title={value}>{value}</span>;
      },
    });
}

const Nothing = () => (
  <span className="quiet" data-empty>
    –
  </span>
);

export const mono = (text: string) => (
  <code className="mono" title={text}>
    {text}
  </code>
);

export const list = (values: readonly string[]) => values.join(", ");
