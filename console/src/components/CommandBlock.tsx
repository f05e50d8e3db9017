import { Group, Stack, Text } from "@mantine/core";
import { CopyButton } from "../ui/CopyButton.tsx";
import classes from "./ShowOnceDialog.module.css";

/** A command to run elsewhere, with what it is for and what to know. */
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
