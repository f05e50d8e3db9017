import { ActionIcon, Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** Copies a text; says Copied for two seconds. */
export function CopyButton({ value, children = "Copy" }: { value: string; children?: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <Button
      variant="default"
      onClick={() => clipboard.copy(value)}
      leftSection={clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      miw={104}
      flex="none"
      aria-live="polite"
    >
      {clipboard.copied ? "Copied" : children}
    </Button>
  );
}

/** The small one, beside an id or an address. `name` says what is copied. */
export function CopyIcon({ value, name }: { value: string; name: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={22}
      onClick={() => clipboard.copy(value)}
      aria-label={clipboard.copied ? `${name} copied` : `Copy ${name}`}
      title={clipboard.copied ? "Copied" : `Copy ${name}`}
    >
      {clipboard.copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
    </ActionIcon>
  );
}
