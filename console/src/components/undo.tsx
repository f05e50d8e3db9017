// A message about an action that succeeded, with a button that undoes it.
import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { problemOf } from "../api.ts";

/** Long enough to read the message and to reach the button with the keyboard (WCAG 2.2.1). */
const UNDO_MS = 20_000;

/** The message that is shown last. */
let latest: { id: string; undo: () => void } | undefined;

/** `undo` calls the API and refreshes the page. It returns a message that says what is true again. */
export function showUndoable(message: string, undo: () => Promise<string>): void {
  const id = `undo-${crypto.randomUUID()}`;
  let isUndone = false;
  const run = () => {
    if (isUndone) return;
    isUndone = true;
    notifications.hide(id);
    undo().then(
      (undone) => notifications.show({ message: undone }),
      (error: unknown) => notifications.show({ color: "red", message: problemOf(error).detail }),
    );
  };
  latest = { id, undo: run };
  notifications.show({
    id,
    autoClose: UNDO_MS,
    message: (
      <Group wrap="nowrap" justify="space-between" gap="xs">
        <span>{message}</span>
        <Button variant="default" size="compact-sm" flex="none" onClick={run}>
          Undo
        </Button>
      </Group>
    ),
    onClose: () => {
      if (latest?.id === id) latest = undefined;
    },
  });
}

/** Undoes the action whose message is shown last, if its button is still there. */
export function undoLatest(): void {
  latest?.undo();
}
