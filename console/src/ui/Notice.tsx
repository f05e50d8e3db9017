import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Notice.module.css";

/** A few words that must be read where they stand. */
export function Notice({ kind, children }: { kind: "warning" | "danger" | "info"; children: ReactNode }) {
  const Icon = kind === "info" ? IconInfoCircle : IconAlertTriangle;
  return (
    <div className={classes.notice} data-kind={kind} role={kind === "danger" ? "alert" : undefined}>
      <Icon size={16} className={classes.icon} aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}
