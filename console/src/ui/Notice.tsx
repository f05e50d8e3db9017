import { IconAlertCircle, IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Notice.module.css";

/** A short message inside a page or a dialog. */
export function Notice({ kind, isImminent = false, children, action }: NoticeProps) {
  const Icon = isImminent ? IconAlertTriangle : kind === "info" ? IconInfoCircle : IconAlertCircle;
  return (
    <div className={classes.notice} data-kind={kind} role={kind === "danger" ? "alert" : undefined}>
      <Icon size={16} className={classes.icon} aria-hidden="true" />
      <div>{children}</div>
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}

interface NoticeProps {
  kind: "warning" | "danger" | "info";
  /** A deadline or a loss is near: the only use of the warning triangle. */
  isImminent?: boolean;
  children: ReactNode;
  /** Buttons that resolve it. */
  action?: ReactNode;
}
