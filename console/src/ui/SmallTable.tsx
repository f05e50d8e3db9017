// The table of a few rows inside a page. A list that is a page has a DataTable.
import type { ReactNode } from "react";
import classes from "./SmallTable.module.css";

export interface SmallColumn<Row> {
  label: string;
  cell: (row: Row) => ReactNode;
  /** A CSS width. */
  width?: string;
  align?: "right";
}

interface SmallTableProps<Row> {
  label: string;
  columns: readonly SmallColumn<Row>[];
  rows: readonly Row[];
  rowId: (row: Row) => string;
  /** Below the cells of a row. */
  detail?: (row: Row) => ReactNode;
  /** In pixels. Absent: the page scrolls instead. */
  maxHeight?: number;
}

export function SmallTable<Row>({ label, columns, rows, rowId, detail, maxHeight }: SmallTableProps<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
    <section className={classes.scroller} style={{ maxHeight }} aria-label={label} tabIndex={0}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.label} scope="col" style={{ width: column.width }} data-align={column.align}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        {rows.map((row) => (
          <tbody key={rowId(row)}>
            <tr>
              {columns.map((column) => (
                <td key={column.label} data-align={column.align} data-label={column.label}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
            {detail && (
              <tr className={classes.detail}>
                <td />
                <td colSpan={columns.length - 1}>{detail(row)}</td>
              </tr>
            )}
          </tbody>
        ))}
      </table>
    </section>
  );
}
