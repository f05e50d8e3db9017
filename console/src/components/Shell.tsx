import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { paths } from "../paths.ts";
import { meQuery } from "../queries.ts";
import { AccountMenu } from "./AccountMenu.tsx";
import { LensMark } from "./LensMark.tsx";
import { TextLink } from "./links.tsx";
import { useLive } from "./live.ts";
import { NavSection } from "./NavSection.tsx";
import { NAVIGATION } from "./navigation.ts";
import classes from "./Shell.module.css";

/** The sidebar and the page beside it. */
export function Shell() {
  const { data: me } = useSuspenseQuery(meQuery);
  useLive();
  return (
    <div className={classes.shell}>
      <a href="#main" className={classes.skip}>
        Skip to content
      </a>
      <aside className={classes.side}>
        <TextLink {...paths.home()} className={classes.brand} underline="never" c="inherit">
          <LensMark size={24} />
          AttackLens
        </TextLink>
        <nav aria-label="Main" className={classes.nav}>
          {NAVIGATION.filter(
            (section) => !("permission" in section) || me.permissions.includes(section.permission),
          ).map((section) => (
            <NavSection key={section.label} {...section} />
          ))}
        </nav>
        <AccountMenu />
      </aside>
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}
