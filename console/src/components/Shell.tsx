import type { Account } from "@attacklens/protocol/account.ts";
import { ActionIcon } from "@mantine/core";
import { IconMenu2 } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type ErrorComponentProps, Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { paths } from "../paths.ts";
import { meQuery } from "../queries.ts";
import { ConfirmIdentityDialog } from "./ConfirmIdentityDialog.tsx";
import { Keyboard } from "./Keyboard.tsx";
import { LensMark } from "./LensMark.tsx";
import { TextLink } from "./links.tsx";
import { useLive } from "./live.ts";
import { NavigationProgress } from "./NavigationProgress.tsx";
import { PageSkeleton } from "./PageSkeleton.tsx";
import { RouteProblem } from "./RouteProblem.tsx";
import { ServerNotice } from "./ServerNotice.tsx";
import classes from "./Shell.module.css";
import { SideContent } from "./SideContent.tsx";

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
      <nav aria-label="Top" className={classes.bar}>
        <NavButton me={me} />
        <Brand />
      </nav>
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

const NavDrawer = lazy(async () => ({ default: (await import("./NavDrawer.tsx")).NavDrawer }));

/** Opens the sidebar of a small screen. It closes when a page opens. */
function NavButton({ me }: { me: Account | undefined }) {
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const [openedAt, setOpenedAt] = useState<string>();
  const [wasOpened, setWasOpened] = useState(false);
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
        onClick={() => {
          setOpenedAt(pathname);
          setWasOpened(true);
        }}
      >
        <IconMenu2 size={20} />
      </ActionIcon>
      {wasOpened && (
        <Suspense fallback={null}>
          <NavDrawer me={me} isOpen={isOpen} onClose={() => setOpenedAt(undefined)} />
        </Suspense>
      )}
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
