// The place in a table: how far it is scrolled, and the row that had the focus. A table that opens with a
// place returns to it as soon as enough rows are loaded.
import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

export interface TablePlace {
  /** Pixels above the first visible row. */
  top: number;
  /** Loaded rows. */
  rows: number;
  /** The id of the row that had the focus. */
  row: string | undefined;
}

export interface PlaceKeeper {
  /** The place to return to. */
  restored: TablePlace | undefined;
  /** Names the rows that the table shows. When it changes, the table begins at the top. */
  rowsKey: string;
  note: (place: TablePlace) => void;
}

interface PlacedTable {
  rows: number;
  hasMore: boolean;
  onMore: () => void;
}

/** `scroller` is the element that scrolls. Its rows have their ids as `data-row`. */
export function useTablePlace(
  scroller: RefObject<HTMLElement | null>,
  keeper: PlaceKeeper | undefined,
  { rows, hasMore, onMore }: PlacedTable,
): void {
  const awaited = useRef<TablePlace>(undefined);
  const unfocused = useRef<string>(undefined);
  const shownKey = useRef(keeper?.rowsKey);
  const row = useRef(keeper?.restored?.row);
  const restored = keeper?.restored;
  const rowsKey = keeper?.rowsKey;

  useLayoutEffect(() => {
    awaited.current = restored;
    if (!restored && shownKey.current !== rowsKey) scroller.current?.scrollTo({ top: 0 });
    shownKey.current = rowsKey;
  }, [restored, rowsKey, scroller]);

  // After each render, because the rows arrive in pages and only visible rows are in the document.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const place = awaited.current;
    if (place && rows < place.rows && hasMore) return onMore();
    if (place) {
      awaited.current = undefined;
      unfocused.current = place.row;
      element.scrollTo({ top: place.top });
    }
    if (unfocused.current === undefined || !isFocusFree(element)) return;
    const control = findRow(element, unfocused.current);
    if (!control) return;
    unfocused.current = undefined;
    control.focus({ preventScroll: true });
  });

  const note = keeper?.note;
  useEffect(() => {
    const element = scroller.current;
    if (!element || !note) return;
    const noteNow = () => {
      if (!awaited.current) note({ top: element.scrollTop, rows, row: row.current });
    };
    const noteRow = (event: Event) => {
      // Until the focus is back, another part of the page may set it to any row.
      if (event.type === "focusin" && unfocused.current !== undefined) return;
      const touched = (event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset.row;
      if (touched === undefined) return;
      row.current = touched;
      unfocused.current = undefined;
      noteNow();
    };
    noteNow();
    const listening = new AbortController();
    const options = { passive: true, signal: listening.signal };
    element.addEventListener("scroll", noteNow, options);
    element.addEventListener("focusin", noteRow, options);
    element.addEventListener("pointerdown", noteRow, options);
    return () => listening.abort();
  }, [note, rows, scroller]);
}

/** False while the user works elsewhere on the page. A page that opens has the focus on its heading. */
function isFocusFree(element: HTMLElement): boolean {
  const { activeElement } = document;
  return (
    activeElement === null ||
    activeElement.contains(element) ||
    element.contains(activeElement) ||
    activeElement.localName === "h1"
  );
}

/** The row, if it can have the focus, or its first control that can. */
function findRow(element: HTMLElement, id: string): HTMLElement | undefined {
  const row = element.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`);
  if (row?.hasAttribute("tabindex")) return row;
  return row?.querySelector<HTMLElement>("a[href], button") ?? undefined;
}
