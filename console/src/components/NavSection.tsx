import { Link, useRouterState } from "@tanstack/react-router";
import { useId } from "react";
import { activeEntry } from "./active-entry.ts";
import type { Section } from "./navigation.ts";
import classes from "./Shell.module.css";

export function NavSection({ label, icon: Icon, entries }: Section) {
  const id = useId();
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const current = activeEntry(
    pathname,
    entries.map((entry) => entry.link.to),
  );
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className={classes.section}>
        <Icon size={16} aria-hidden="true" />
        {label}
      </h2>
      <ul className={classes.entries}>
        {entries.map((entry) => (
          <li key={entry.label}>
            <Link
              {...entry.link}
              className={classes.entry}
              activeOptions={{ exact: true, includeSearch: false }}
              aria-current={entry.link.to === current ? "page" : undefined}
              data-current={entry.link.to === current ? true : undefined}
            >
              {entry.label}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
