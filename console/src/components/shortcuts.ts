// The keyboard shortcuts. This table drives both the listener and the help dialog.

export type ShortcutId = "palette" | "help" | "search" | "create" | "next" | "previous" | "select" | "undo";

export interface Shortcut {
  /** As `KeyboardEvent.key`. */
  key: string;
  /** With Ctrl or ⌘. It works everywhere, and cannot be turned off. */
  isWithModifier?: true;
  /** Undefined: the table handles it when a row has the focus. */
  id?: ShortcutId;
  label: string;
  section: "Everywhere" | "Lists";
}

export const SHORTCUTS: readonly Shortcut[] = [
  {
    key: "k",
    isWithModifier: true,
    id: "palette",
    label: "Find a page, an object or an action",
    section: "Everywhere",
  },
  { key: "?", id: "help", label: "Show the shortcuts", section: "Everywhere" },
  { key: "c", id: "create", label: "Create: the main action of the page", section: "Everywhere" },
  { key: "u", id: "undo", label: "Undo, while a message offers it", section: "Everywhere" },
  { key: "/", id: "search", label: "Search", section: "Lists" },
  { key: "↓", label: "From the search to the rows", section: "Lists" },
  { key: "j", id: "next", label: "Next row", section: "Lists" },
  { key: "k", id: "previous", label: "Previous row", section: "Lists" },
  { key: "x", id: "select", label: "Select the row", section: "Lists" },
  { key: "Enter", label: "Open the row", section: "Lists" },
];

/** The part of a `KeyboardEvent` that decides. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  defaultPrevented: boolean;
}

export interface Place {
  /** The focus is where the user types text. */
  isTyping: boolean;
  /** A dialog or a menu is open. */
  isCovered: boolean;
  /** The user turned off the shortcuts of a single key (WCAG 2.1.4). */
  isOff: boolean;
}

/** Returns the shortcut that a press of a key means, or undefined. */
export function shortcutOf(press: Press, place: Place): ShortcutId | undefined {
  if (press.isComposing || press.defaultPrevented || press.altKey) return undefined;
  const hasModifier = press.ctrlKey || press.metaKey;
  if (hasModifier ? place.isCovered : place.isTyping || place.isCovered || place.isOff) return undefined;
  const key = hasModifier ? press.key.toLowerCase() : press.key;
  return SHORTCUTS.find((one) => one.key === key && (one.isWithModifier ?? false) === hasModifier)?.id;
}

const STORED = "attacklens-shortcuts";

export function areShortcutsOff(): boolean {
  return localStorage.getItem(STORED) === "off";
}

export function turnShortcuts(isOn: boolean): void {
  if (isOn) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, "off");
}
