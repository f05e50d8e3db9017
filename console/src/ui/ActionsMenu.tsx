import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { MenuActions, permittedActions, type RowAction } from "./RowMenu.tsx";

/** The actions at the top right of an object's page. At most one more is a button beside it. */
export function ActionsMenu({ actions }: { actions: RowAction[] }) {
  const shown = permittedActions(actions);
  if (shown.length === 0) return null;
  return (
    <Menu width={240} portalProps={{ target: "main" }}>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden="true" />}>
          Actions
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuActions actions={shown} />
      </Menu.Dropdown>
    </Menu>
  );
}
