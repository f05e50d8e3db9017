import type { Permission } from "@attacklens/protocol/permissions.ts";
import type { ReactNode } from "react";
import { obstacleText } from "../ui/obstacle.ts";
import classes from "./PageHeader.module.css";
import { usePermissionReason } from "./use-permission.ts";
import { useTitle } from "./use-title.ts";

interface PageHeaderProps {
  title: string;
  /** Beside the title: a count or a status. */
  mark?: ReactNode;
  description?: ReactNode;
  /** Above the title: the way back. */
  breadcrumb?: ReactNode;
  action?: ReactNode;
  /** The permission for the changes on this page. A user without it reads once which role has it. */
  manage?: Permission | undefined;
}

export function PageHeader({ title, mark, description, breadcrumb, action, manage }: PageHeaderProps) {
  useTitle(title);
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        {breadcrumb && (
          <nav aria-label="Breadcrumb" className={classes.breadcrumb}>
            {breadcrumb}
          </nav>
        )}
        <div className={classes.line}>
          <h1 className={classes.title} title={title} tabIndex={-1}>
            {title}
          </h1>
          {mark}
        </div>
        {description && <p className={classes.description}>{description}</p>}
        {manage && <RoleNote permission={manage} />}
      </div>
      {action && <div className={classes.action}>{action}</div>}
    </header>
  );
}

function RoleNote({ permission }: { permission: Permission }) {
  const reason = usePermissionReason(permission);
  return reason && <p className={classes.description}>{obstacleText(reason)}</p>;
}
