import type { ReactNode } from "react";
import classes from "./StateMessage.module.css";

interface StateMessageProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  role?: "alert" | "status";
}

/** What stands in place of content: nothing yet, nothing found, something failed. */
export function StateMessage({ icon, title, children, action, role }: StateMessageProps) {
  return (
    <div className={classes.state} role={role}>
      {icon && (
        <div className={classes.icon} aria-hidden="true">
          {icon}
        </div>
      )}
      <h2 className={classes.title}>{title}</h2>
      {children && <div className={classes.text}>{children}</div>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
