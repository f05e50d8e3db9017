import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Notice } from "../ui/Notice.tsx";
import classes from "./ShowOnceDialog.module.css";

interface ShowOnceDialogProps {
  title: string;
  /** What was made. */
  intro: ReactNode;
  /** `token`, as the warning calls it. */
  noun: string;
  /** The name of the field with the value. */
  label: string;
  value: string;
  /** What is done with it next. */
  children?: ReactNode;
  /** Called when the page goes away, so that a page brought back from the browser's memory shows nothing. */
  onForget: () => void;
  onClose: () => void;
}

/** Shows a secret once. Only its button closes it, and only after the person said that it is stored. */
export function ShowOnceDialog(props: ShowOnceDialogProps) {
  const { title, intro, noun, label, value, children, onForget, onClose } = props;
  const [isStored, setStored] = useState(false);
  useBlocker({ shouldBlockFn: () => !isStored, enableBeforeUnload: !isStored });
  useEffect(() => {
    window.addEventListener("pagehide", onForget);
    return () => window.removeEventListener("pagehide", onForget);
  }, [onForget]);
  return (
    <Modal
      opened
      onClose={() => undefined}
      title={title}
      size={720}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack gap="md">
        <Text>{intro}</Text>
        <Notice kind="warning">
          This is the only time the {noun} is shown. Keep it in a password manager or secrets vault; when it
          is lost, create a new one.
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
