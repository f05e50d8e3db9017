import { Skeleton } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { problemOf } from "../../api.ts";
import { Notice } from "../../ui/Notice.tsx";
import classes from "./OverviewPage.module.css";

interface PanelProps<Data> {
  title: string;
  /** At the end of the title's line. */
  more?: ReactNode;
  isWide?: boolean;
  query: { data: Data | undefined; error: Error | null };
  children: (data: Data) => ReactNode;
}

/** A part of the overview, with a placeholder while its numbers load. */
export function Panel<Data>({ title, more, isWide, query, children }: PanelProps<Data>) {
  const id = useId();
  const { data, error } = query;
  return (
    <section className={classes.panel} data-wide={isWide || undefined} aria-labelledby={id}>
      <div className={classes.heading}>
        <h2 id={id}>{title}</h2>
        {more}
      </div>
      {data !== undefined ? (
        children(data)
      ) : error ? (
        <Notice kind="warning">{problemOf(error).detail} Retrying every few seconds.</Notice>
      ) : (
        <div aria-busy="true">
          <Skeleton height={isWide ? 28 : 16} mb={12} />
          <Skeleton height={16} mb={12} width="70%" />
          {!isWide && <Skeleton height={16} width="85%" />}
        </div>
      )}
    </section>
  );
}
