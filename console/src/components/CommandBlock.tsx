import { Group, Stack, Text } from "@mantine/core";
import { CopyButton } from "../ui/CopyButton.tsx";
import classes from "./ShowOnceDialog.module.css";

/** A command to copy, with its purpose and a note. */
export function CommandBlock({ title, command, note }: { title: string; command: string; note: string }) {
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500}>
        {title}
      </Text>
      <div className={classes.command}>
        <code>{command}</code>
      </div>
      <Group justify="space-between" wrap="nowrap" align="start">
        <Text size="sm" c="dimmed">
          {note}
        </Text>
        <CopyButton value={command}>Copy command</CopyButton>
      </Group>
    </Stack>
  );
}
