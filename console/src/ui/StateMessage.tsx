import type { ReactNode } from "react";
import classes from "./StateMessage.module.css";

interface StateMessageProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  role?: "alert" | "status";
  /** 1 if it replaces a whole page. */
  level?: 1 | 2;
}

/** Replaces content that is empty, not found, or failed to load. */
export function StateMessage({ icon, title, children, action, role, level = 2 }: StateMessageProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className={classes.state} role={role}>
      {icon && (
        <div className={classes.icon} aria-hidden="true">
          {icon}
        </div>
      )}
      <Heading className={classes.title} tabIndex={level === 1 ? -1 : undefined}>
        {title}
      </Heading>
      {children && <div className={classes.text}>{children}</div>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
