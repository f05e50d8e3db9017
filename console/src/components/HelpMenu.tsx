import { RELEASE } from "@attacklens/protocol/version.ts";
import { Menu, UnstyledButton } from "@mantine/core";
import { IconApi, IconBook2, IconHelp, IconKeyboard } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { paths } from "../paths.ts";
import { openByKeyboard } from "./Keyboard.tsx";
import classes from "./Shell.module.css";

/** Guides, the API reference, the shortcuts, and the version. */
export function HelpMenu() {
  return (
    <Menu position="top-start" width={220} withinPortal={false}>
      <Menu.Target>
        <UnstyledButton className={classes.help}>
          <IconHelp size={16} aria-hidden="true" />
          Help
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconBook2 size={16} />}
          renderRoot={(props) => <Link {...paths.deploy()} {...props} />}
        >
          Deployment guides
        </Menu.Item>
        <Menu.Item
          leftSection={<IconApi size={16} />}
          renderRoot={(props) => <a href="/api/reference" {...props} />}
        >
          API reference
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={() => openByKeyboard("help")}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>AttackLens {RELEASE}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
