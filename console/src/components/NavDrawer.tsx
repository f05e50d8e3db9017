import type { Account } from "@attacklens/protocol/account.ts";
import { Drawer } from "@mantine/core";
import classes from "./Shell.module.css";
import { SideContent } from "./SideContent.tsx";

interface NavDrawerProps {
  me: Account | undefined;
  isOpen: boolean;
  onClose: () => void;
}

/** The sidebar of a small screen. */
export function NavDrawer({ me, isOpen, onClose }: NavDrawerProps) {
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
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
  );
}
