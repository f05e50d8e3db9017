import { ActionIcon, Menu, Text } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { isNotPermitted, type Obstacle, obstacleText } from "./obstacle.ts";

export interface RowAction {
  label: string;
  onSelect: () => void;
  danger?: boolean;
  /** Why it is disabled, shown under the label, or why it is not shown. The entry stays focusable. */
  disabledReason?: Obstacle | undefined;
}

/** The menu at the end of a row. */
export function RowMenu({ name, actions }: { name: string; actions: RowAction[] }) {
  const shown = permittedActions(actions);
  if (shown.length === 0) return null;
  return (
    <Menu width={240} portalProps={{ target: "main" }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={`Actions for ${name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuActions actions={shown} />
      </Menu.Dropdown>
    </Menu>
  );
}

export function permittedActions(actions: RowAction[]): RowAction[] {
  return actions.filter(({ disabledReason }) => !isNotPermitted(disabledReason));
}

export function MenuActions({ actions }: { actions: RowAction[] }) {
  return actions.map((action) => (
    <Menu.Item
      key={action.label}
      {...(action.disabledReason ? { "aria-disabled": true, closeMenuOnClick: false } : {})}
      {...(action.danger && !action.disabledReason ? { color: "var(--mantine-color-error)" } : {})}
      onClick={() => !action.disabledReason && action.onSelect()}
    >
      <Text inherit component="span" {...(action.disabledReason ? { c: "dimmed" } : {})}>
        {action.label}
      </Text>
      {action.disabledReason && (
        <Text size="xs" c="dimmed" component="span" display="block">
          {obstacleText(action.disabledReason)}
        </Text>
      )}
    </Menu.Item>
  ));
}
