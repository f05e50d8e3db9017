// The shape of a page, shown while its data loads.
import { Skeleton } from "@mantine/core";
import classes from "./PageSkeleton.module.css";

const ROWS = 10;

export function PageSkeleton() {
  return (
    <div className={classes.page} role="status" aria-label="Loading">
      <Skeleton height={24} width={220} mb={10} />
      <Skeleton height={14} className={classes.description ?? ""} mb={28} />
      <RowsSkeleton />
    </div>
  );
}

/** The content below a header or below tabs. */
export function RowsSkeleton() {
  return (
    <div className={classes.rows} role="status" aria-label="Loading">
      {Array.from({ length: ROWS }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike
        <Skeleton key={row} height={16} width={`${96 - ((row * 7) % 30)}%`} />
      ))}
    </div>
  );
}

/** Instead of a dialog that loads: the page behind stays as it is. */
export function NothingYet() {
  return null;
}
