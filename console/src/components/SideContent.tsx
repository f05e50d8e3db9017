import type { Account } from "@attacklens/protocol/account.ts";
import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import { NavSection } from "./NavSection.tsx";
import { NAVIGATION } from "./navigation.ts";
import classes from "./Shell.module.css";

// They need the library of menus, which the first page may not need.
const AccountMenu = lazy(async () => ({ default: (await import("./AccountMenu.tsx")).AccountMenu }));
const HelpMenu = lazy(async () => ({ default: (await import("./HelpMenu.tsx")).HelpMenu }));

/** The entries of the sidebar, and the account. */
export function SideContent({ me }: { me: Account | undefined }) {
  return (
    <>
      <nav aria-label="Main" className={classes.nav}>
        {NAVIGATION.filter(
          (section) => !("permission" in section) || me?.permissions.includes(section.permission),
        ).map((section) => (
          <NavSection key={section.label} {...section} />
        ))}
      </nav>
      <Suspense fallback={<AccountSkeleton />}>
        <HelpMenu />
        {me ? <AccountMenu /> : <AccountSkeleton />}
      </Suspense>
    </>
  );
}

const AccountSkeleton = () => <Skeleton height={40} width="auto" m={12} />;
