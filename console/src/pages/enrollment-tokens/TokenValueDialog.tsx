import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { exactTime } from "../../ui/time.ts";
import { enrollCommand } from "./enroll-command.ts";
import classes from "./TokenValueDialog.module.css";

export interface CreatedToken {
  name: string;
  expiresAt: string | null;
  value: string;
}

interface TokenValueDialogProps {
  created: CreatedToken;
  /** Called when the page goes away, so that a page brought back from the browser's memory shows nothing. */
  onForget: () => void;
  onClose: () => void;
}

/** Shows the value once. Only its button closes it, and only after the person said that it is stored. */
export function TokenValueDialog({ created, onForget, onClose }: TokenValueDialogProps) {
  const [isStored, setStored] = useState(false);
  useBlocker({ shouldBlockFn: () => !isStored, enableBeforeUnload: !isStored });
  useEffect(() => {
    window.addEventListener("pagehide", onForget);
    return () => window.removeEventListener("pagehide", onForget);
  }, [onForget]);
  const command = enrollCommand(window.location.origin);
  return (
    <Modal
      opened
      onClose={() => undefined}
      title="Store the token now"
      size={640}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack gap="md">
        <Text>
          <strong>{created.name}</strong> is created
          {created.expiresAt ? ` and valid until ${exactTime(created.expiresAt)}` : " and does not expire"}.
        </Text>
        <Notice kind="warning">
          This is the only time the token is shown. Keep it in a password manager or secrets vault; when it is
          lost, create a new one.
        </Notice>
        <Group gap="xs" align="end" wrap="nowrap">
          <TextInput
            label="Enrollment Token"
            readOnly
            value={created.value}
            flex={1}
            data-autofocus
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: classes.value ?? "" }}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton value={created.value} />
        </Group>
        <Stack gap={6}>
          <Text size="sm" fw={500}>
            Enroll a Linux machine
          </Text>
          <div className={classes.command}>
            <code>{command}</code>
          </div>
          <Group justify="space-between" wrap="nowrap" align="start">
            <Text size="sm" c="dimmed">
              Run it on the machine and paste the token when asked. It stays out of the shell's history and
              the list of processes.
            </Text>
            <CopyButton value={command}>Copy command</CopyButton>
          </Group>
        </Stack>
        <Group justify="space-between" className={classes.end}>
          <Checkbox
            label="I have stored it"
            checked={isStored}
            onChange={(event) => setStored(event.currentTarget.checked)}
          />
          <Button disabled={!isStored} onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
