import { ActionIcon, Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useCopy } from "./use-copy.ts";

/** Copies a text and shows Copied for two seconds. */
export function CopyButton({ value, children = "Copy", label, isSmall = false }: CopyButtonProps) {
  const { copy, isCopied } = useCopy();
  const text = isCopied ? "Copied" : children;
  const iconSize = isSmall ? 14 : 16;
  return (
    <Button
      variant="default"
      size={isSmall ? "xs" : "sm"}
      onClick={() => copy(value)}
      leftSection={isCopied ? <IconCheck size={iconSize} /> : <IconCopy size={iconSize} />}
      miw={isSmall ? 88 : 104}
      flex="none"
      aria-live="polite"
      {...(label === undefined ? {} : { "aria-label": `${text}: ${label}` })}
    >
      {text}
    </Button>
  );
}

interface CopyButtonProps {
  value: string;
  children?: string;
  /** Tells several buttons on a page apart. */
  label?: string;
  isSmall?: boolean;
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
