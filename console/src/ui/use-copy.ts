import { useCallback, useEffect, useState } from "react";

const SHOWN_MS = 2_000;

/** Copies a text. `isCopied` is true for two seconds after that. */
export function useCopy(): { copy: (text: string) => Promise<void>; isCopied: boolean } {
  const [copiedAt, setCopiedAt] = useState<number>();
  useEffect(() => {
    if (copiedAt === undefined) return;
    const timer = setTimeout(() => setCopiedAt(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copiedAt]);
  const copy = useCallback(async (text: string) => {
    if (await writeClipboard(text)) setCopiedAt(Date.now());
  }, []);
  return { copy, isCopied: copiedAt !== undefined };
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Browsers have no clipboard API for pages over plain HTTP, but they can copy a selection. */
function copySelected(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.style.cssText = "position: fixed; opacity: 0";
  // Next to the button, because a dialog does not allow focus outside it.
  (before?.parentElement ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return isCopied;
}
