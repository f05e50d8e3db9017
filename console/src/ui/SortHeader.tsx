import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./DataTable.module.css";

export type Order = "asc" | "desc";

interface SortHeaderProps {
  /** Undefined when another column sorts the table. */
  order: Order | undefined;
  onSort: (order: Order) => void;
  children: ReactNode;
}

export function SortHeader({ order, onSort, children }: SortHeaderProps) {
  const Arrow = order === "desc" ? IconArrowDown : IconArrowUp;
  return (
    <UnstyledButton
      className={classes.sort}
      data-sorted={order ? true : undefined}
      onClick={() => onSort(order === "asc" ? "desc" : "asc")}
    >
      {children}
      <Arrow size={14} className={classes.arrow} aria-hidden="true" />
    </UnstyledButton>
  );
}
