import { Button, Menu } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import type { ColumnChoice } from "./use-columns.ts";

interface ColumnsMenuProps {
  choices: readonly ColumnChoice[];
  onToggle: (id: string) => void;
}

export function ColumnsMenu({ choices, onToggle }: ColumnsMenuProps) {
  return (
    <Menu position="bottom-end" withinPortal={false} closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconColumns3 size={16} aria-hidden="true" />}>
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(({ id, label, isShown }) => (
          <Menu.CheckboxItem key={id} checked={isShown} onChange={() => onToggle(id)}>
            {label}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
