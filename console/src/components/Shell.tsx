import type { Account } from "@attacklens/protocol/account.ts";
import { ActionIcon, Drawer, Skeleton } from "@mantine/core";
import { IconMenu2 } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type ErrorComponentProps, Outlet, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { paths } from "../paths.ts";
import { meQuery } from "../queries.ts";
import { AccountMenu } from "./AccountMenu.tsx";
import { ConfirmIdentityDialog } from "./ConfirmIdentityDialog.tsx";
import { HelpMenu } from "./HelpMenu.tsx";
import { Keyboard } from "./Keyboard.tsx";
import { LensMark } from "./LensMark.tsx";
import { TextLink } from "./links.tsx";
import { useLive } from "./live.ts";
import { NavigationProgress } from "./NavigationProgress.tsx";
import { NavSection } from "./NavSection.tsx";
import { NAVIGATION } from "./navigation.ts";
import { PageSkeleton } from "./PageSkeleton.tsx";
import { RouteProblem } from "./RouteProblem.tsx";
import { ServerNotice } from "./ServerNotice.tsx";
import classes from "./Shell.module.css";

/** The sidebar and the page beside it. */
export function Shell() {
  const { data: me } = useSuspenseQuery(meQuery);
  useLive();
  return (
    <Frame me={me}>
      <ServerNotice />
      <Outlet />
    </Frame>
  );
}

/** While the account loads. */
export function ShellSkeleton() {
  return (
    <Frame>
      <PageSkeleton />
    </Frame>
  );
}

/** When the account failed to load. */
export function ShellProblem(props: ErrorComponentProps) {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  return (
    <Frame me={me}>
      <RouteProblem {...props} />
    </Frame>
  );
}

function Frame({ me, children }: { me?: Account | undefined; children: ReactNode }) {
  return (
    <div className={classes.shell}>
      <NavigationProgress />
      <a href="#main" className={classes.skip}>
        Skip to content
      </a>
      <header className={classes.bar}>
        <NavDrawer me={me} />
        <Brand />
      </header>
      <aside className={classes.side}>
        <Brand />
        <SideContent me={me} />
      </aside>
      <main id="main" className={classes.main} tabIndex={-1}>
        {children}
      </main>
      <ConfirmIdentityDialog />
      <Keyboard />
    </div>
  );
}

/** The sidebar of a small screen. It closes when a page opens. */
function NavDrawer({ me }: { me: Account | undefined }) {
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const [openedAt, setOpenedAt] = useState<string>();
  const isOpen = openedAt === pathname;
  useEffect(() => setOpenedAt((at) => (at === pathname ? at : undefined)), [pathname]);
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label="Open navigation"
        aria-expanded={isOpen}
        onClick={() => setOpenedAt(pathname)}
      >
        <IconMenu2 size={20} />
      </ActionIcon>
      <Drawer
        opened={isOpen}
        onClose={() => setOpenedAt(undefined)}
        title="Navigation"
        size={288}
        padding={0}
        transitionProps={{ duration: 100 }}
        lockScroll={false}
        closeButtonProps={{ "aria-label": "Close navigation" }}
        classNames={{ body: classes.drawer ?? "", header: classes.drawerHeader ?? "" }}
      >
        <SideContent me={me} />
      </Drawer>
    </>
  );
}

function Brand() {
  return (
    <TextLink {...paths.home()} className={classes.brand} underline="never" c="inherit">
      <LensMark size={24} />
      AttackLens
    </TextLink>
  );
}

function SideContent({ me }: { me: Account | undefined }) {
  return (
    <>
      <nav aria-label="Main" className={classes.nav}>
        {NAVIGATION.filter(
          (section) => !("permission" in section) || me?.permissions.includes(section.permission),
        ).map((section) => (
          <NavSection key={section.label} {...section} />
        ))}
      </nav>
      <HelpMenu />
      {me ? <AccountMenu /> : <Skeleton height={40} width="auto" m={12} />}
    </>
  );
}
