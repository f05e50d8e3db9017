// Parts of a whole as a table whose bars repeat the numbers. It needs no other form for screen readers.
import type { ReactNode } from "react";
import classes from "./BarList.module.css";
import { formatCount } from "./numbers.ts";
import { percentOf } from "./SegmentedBar.tsx";

export interface BarRow {
  key: string;
  /** For example a link to the list of the counted objects. */
  label: ReactNode;
  count: number;
}

interface BarListProps {
  label: string;
  /** The heading of the labels, for screen readers. */
  heading: string;
  /** The heading of the counts, for screen readers. */
  noun: string;
  rows: readonly BarRow[];
}

export function BarList({ label, heading, noun, rows }: BarListProps) {
  const whole = rows.reduce((sum, { count }) => sum + count, 0);
  const most = rows.reduce((highest, { count }) => Math.max(highest, count), 0);
  return (
    <table className={classes.list} aria-label={label}>
      <colgroup>
        <col className={classes.labels} />
        <col />
        <col className={classes.counts} />
        <col className={classes.shares} />
      </colgroup>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{heading}</th>
          <td />
          <th scope="col">{noun}</th>
          <th scope="col">Share</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, label, count }) => (
          <tr key={key}>
            <th scope="row">{label}</th>
            <td aria-hidden="true">
              <div className={classes.track}>
                {count > 0 && <div className={classes.bar} style={{ width: `${(count / most) * 100}%` }} />}
              </div>
            </td>
            <td className={classes.count}>{formatCount(count)}</td>
            <td className={classes.share}>{percentOf(count, whole)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
