import { Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Notice } from "../ui/Notice.tsx";
import classes from "./ShowOnceDialog.module.css";

interface ShowOnceDialogProps {
  title: string;
  /** The object that was created. */
  intro: ReactNode;
  /** The value in running text: `token`. */
  noun: string;
  /** The label of the field with the value. */
  label: string;
  value: string;
  /** Absent: to store it now. */
  warning?: ReactNode;
  /** Absent: "I have stored it". */
  storedLabel?: string;
  /** The next step. */
  children?: ReactNode;
  /**
   * Called when the page is hidden, so that a page restored from the browser's cache does not show the value.
   */
  onForget: () => void;
  onClose: () => void;
  /** A button beside Close: where the next step continues. */
  next?: { label: string; onClick: () => void };
}

/**
 * Shows a secret once. Only its button closes the dialog, after the user confirms that the secret is stored.
 */
export function ShowOnceDialog(props: ShowOnceDialogProps) {
  const { title, intro, noun, label, value, children, onForget, onClose, next } = props;
  const { warning, storedLabel = "I have stored it" } = props;
  const [isStored, setStored] = useState(false);
  useBlocker({ shouldBlockFn: () => !isStored, enableBeforeUnload: !isStored });
  useEffect(() => {
    window.addEventListener("pagehide", onForget);
    return () => window.removeEventListener("pagehide", onForget);
  }, [onForget]);
  return (
    <Dialog title={title} size={720}>
      <Stack gap="md">
        <Text>{intro}</Text>
        <Notice kind="warning" isImminent>
          {warning ?? (
            <>
              This is the only time the {noun} is shown. Store it in a password manager or secrets vault. If
              it is lost, create a new one.
            </>
          )}
        </Notice>
        <Group gap="xs" align="end" wrap="nowrap">
          <TextInput
            label={label}
            readOnly
            value={value}
            flex={1}
            data-autofocus
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: classes.value ?? "" }}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton value={value} />
        </Group>
        {children}
        <Group justify="space-between" className={classes.end}>
          <Checkbox
            label={storedLabel}
            checked={isStored}
            onChange={(event) => setStored(event.currentTarget.checked)}
          />
          <Group gap="xs">
            <Button disabled={!isStored} variant={next ? "default" : "filled"} onClick={onClose}>
              Close
            </Button>
            {next && (
              <Button disabled={!isStored} onClick={next.onClick}>
                {next.label}
              </Button>
            )}
          </Group>
        </Group>
      </Stack>
    </Dialog>
  );
}
