// The keyboard of the console: the shortcuts, their help, and the command palette.
import { type ComponentType, lazy, Suspense, useCallback, useEffect, useState } from "react";
import { moveRow, selectRow } from "../ui/use-row-focus.ts";
import { areShortcutsOff, type ShortcutId, shortcutOf } from "./shortcuts.ts";
import { undoLatest } from "./undo.tsx";

interface PaletteProps {
  onClose: () => void;
  onHelp: () => void;
}

const loadPalette = async () => ({ default: (await import("./CommandPalette.tsx")).CommandPalette });
const CommandPalette = lazy<ComponentType<PaletteProps>>(loadPalette);

const ShortcutsDialog = lazy<ComponentType<{ onClose: () => void }>>(async () => ({
  default: (await import("./ShortcutsDialog.tsx")).ShortcutsDialog,
}));

type Opened = "palette" | "help" | undefined;

/** Opens the palette or the help from a button or a menu. */
export function openByKeyboard(what: "palette" | "help"): void {
  window.dispatchEvent(new CustomEvent(OPEN, { detail: what }));
}
const PRELOAD_MS = 1_500;
const OPEN = "attacklens-open";

/** The main action of a page is the link that looks like a filled button. */
const PRIMARY_LINK =
  'main header a.mantine-Button-root:not([data-variant="default"], [data-variant="subtle"])';

export function Keyboard() {
  const [opened, setOpened] = useState<Opened>();
  useEffect(() => {
    const listening = new AbortController();
    const acts: Record<ShortcutId, () => void> = {
      palette: () => setOpened("palette"),
      help: () => setOpened("help"),
      search: focusSearch,
      create: () => find(PRIMARY_LINK)?.click(),
      next: () => moveRow("ArrowDown"),
      previous: () => moveRow("ArrowUp"),
      select: selectRow,
      undo: undoLatest,
    };
    const onKey = (event: KeyboardEvent) => {
      const id = shortcutOf(event, {
        isTyping: isTyping(event.target),
        isCovered: find("[role=dialog][aria-modal=true], [role=menu]") !== null,
        isOff: areShortcutsOff(),
      });
      if (!id) return;
      event.preventDefault();
      acts[id]();
    };
    const onOpen = (event: Event) => setOpened((event as CustomEvent<Opened>).detail);
    window.addEventListener("keydown", onKey, { signal: listening.signal });
    window.addEventListener(OPEN, onOpen, { signal: listening.signal });
    return () => listening.abort();
  }, []);
  // So that the first press of its key opens it before the user types.
  useEffect(() => {
    const timer = setTimeout(() => void loadPalette().catch(() => undefined), PRELOAD_MS);
    return () => clearTimeout(timer);
  }, []);
  const close = useCallback(() => setOpened(undefined), []);
  const help = useCallback(() => setOpened("help"), []);
  return (
    <Suspense fallback={null}>
      {opened === "help" && <ShortcutsDialog onClose={close} />}
      {opened === "palette" && <CommandPalette onClose={close} onHelp={help} />}
    </Suspense>
  );
}

function find(selector: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(selector);
}

function focusSearch(): void {
  const input = document.querySelector<HTMLInputElement>("main input[type=search]");
  input?.focus();
  input?.select();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target.isContentEditable || target.matches("textarea, select, [role=combobox], [role=listbox]");
}
