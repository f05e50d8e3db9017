// The focus in a table. Its rows are one stop of the Tab key: the arrow keys move between rows, and between
// the controls of a row (WAI-ARIA, grid pattern). Only visible rows are in the document.
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

interface RowFocus {
  /** All rows, visible or not. */
  count: number;
  scrollTo: (index: number) => void;
  /** Opens a row. Absent: rows do not open. */
  onOpen?: ((index: number) => void) | undefined;
}

/** Rows per press of Page Down. */
const PAGE_ROWS = 15;
const CONTROLS = "a[href], button, input";

/** `scroller` contains the table, whose rows have `aria-rowindex`, counted from the header. */
export function useRowFocus(scroller: RefObject<HTMLElement | null>, { count, scrollTo, onOpen }: RowFocus) {
  const [active, setActive] = useState(0);
  const wanted = useRef<number>(undefined);
  const latest = useRef({ count, scrollTo, onOpen });

  // After each render, because rows come and go while the table scrolls.
  useLayoutEffect(() => {
    latest.current = { count, scrollTo, onOpen };
    const rows = rowsOf(scroller.current);
    const stop = rows.find((row) => indexOf(row) === active) ?? rows[0];
    for (const row of rows) {
      row.tabIndex = row === stop ? 0 : -1;
      for (const control of controlsOf(row)) control.tabIndex = -1;
    }
    const next = rows.find((row) => indexOf(row) === wanted.current);
    if (!next) return;
    wanted.current = undefined;
    focusRow(next);
  });

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const listening = new AbortController();
    const moveTo = (index: number) => {
      const inside = Math.max(0, Math.min(latest.current.count - 1, index));
      setActive(inside);
      const row = rowsOf(element).find((one) => indexOf(one) === inside);
      if (row) return focusRow(row);
      wanted.current = inside;
      latest.current.scrollTo(inside);
    };
    const onKey = (event: KeyboardEvent) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>("tbody tr[aria-rowindex]");
      if (!row || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const index = indexOf(row);
      const target = targetOf(event.key, index, latest.current.count);
      const control = controlBeside(row, event.key);
      if (target !== undefined) moveTo(target);
      else if (control) control.focus();
      else if (event.target !== row) return;
      else if (event.key === "Enter") latest.current.onOpen?.(index);
      else if (event.key === " ") row.querySelector<HTMLElement>("input[type=checkbox]")?.click();
      else return;
      event.preventDefault();
    };
    const onFocus = (event: FocusEvent) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>("tbody tr[aria-rowindex]");
      if (row) setActive(indexOf(row));
    };
    element.addEventListener("keydown", onKey, { signal: listening.signal });
    element.addEventListener("focusin", onFocus, { signal: listening.signal });
    return () => listening.abort();
  }, [scroller]);
}

function targetOf(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return index + 1;
    case "ArrowUp":
      return index - 1;
    case "PageDown":
      return index + PAGE_ROWS;
    case "PageUp":
      return index - PAGE_ROWS;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/** The control before or after the one with the focus. Before the first one is the row. */
function controlBeside(row: HTMLElement, key: string): HTMLElement | undefined {
  if (key !== "ArrowRight" && key !== "ArrowLeft") return undefined;
  const stops = [row, ...controlsOf(row)];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  return stops[at + (key === "ArrowRight" ? 1 : -1)];
}

function rowsOf(scroller: HTMLElement | null): HTMLElement[] {
  return [...(scroller?.querySelectorAll<HTMLElement>("tbody tr[aria-rowindex]") ?? [])];
}

function controlsOf(row: HTMLElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(CONTROLS)].filter((control) => control.checkVisibility());
}

function focusRow(row: HTMLElement): void {
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function indexOf(row: HTMLElement): number {
  return Number(row.getAttribute("aria-rowindex")) - 2;
}

/** Moves to the next or the previous row, as a shortcut does from anywhere on the page. */
export function moveRow(key: "ArrowDown" | "ArrowUp"): void {
  const row = activeRow();
  if (row && !row.contains(document.activeElement)) row.focus();
  else row?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

/** Moves to the row that was active last, or to the first one. */
export function focusTable(): void {
  activeRow()?.focus();
}

export function selectRow(): void {
  activeRow()?.querySelector<HTMLElement>("input[type=checkbox]")?.click();
}

function activeRow(): HTMLElement | null {
  return document.querySelector<HTMLElement>('main tbody tr[aria-rowindex][tabindex="0"]');
}
