import { ActionIcon, Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useCopy } from "./use-copy.ts";

/** Copies a text and shows Copied for two seconds. */
export function CopyButton({ value, children = "Copy" }: { value: string; children?: string }) {
  const { copy, isCopied } = useCopy();
  return (
    <Button
      variant="default"
      onClick={() => copy(value)}
      leftSection={isCopied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      miw={104}
      flex="none"
      aria-live="polite"
    >
      {isCopied ? "Copied" : children}
    </Button>
  );
}

/** A small copy button beside an id or an address. `name` names the copied value. */
export function CopyIcon({ value, name }: { value: string; name: string }) {
  const { copy, isCopied } = useCopy();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={22}
      onClick={() => copy(value)}
      aria-label={isCopied ? `${name} copied` : `Copy ${name}`}
      title={isCopied ? "Copied" : `Copy ${name}`}
    >
      {isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
    </ActionIcon>
  );
}
