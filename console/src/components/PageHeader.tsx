import type { ReactNode } from "react";
import classes from "./PageHeader.module.css";
import { useTitle } from "./use-title.ts";

interface PageHeaderProps {
  title: string;
  /** Beside the title: a count or a status. */
  mark?: ReactNode;
  description?: ReactNode;
  /** Above the title: the way back. */
  breadcrumb?: ReactNode;
  action?: ReactNode;
}

export function PageHeader({ title, mark, description, breadcrumb, action }: PageHeaderProps) {
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
      </div>
      {action && <div className={classes.action}>{action}</div>}
    </header>
  );
}
