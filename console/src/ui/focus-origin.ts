// Remembers which control had the focus before a dialog or another page took it, and returns the focus there.
// If the control is gone, the focus goes to the same control drawn again, else to the row that took its
// place, else to the heading of the page. It never stays on the page as a whole.

const DIALOG = "[role=dialog][aria-modal=true]";
const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), [tabindex='0']";

export interface FocusOrigin {
  element: HTMLElement;
  /** Finds the control again after the page has drawn it again. */
  selector: string | undefined;
  row: { table: string; index: number } | undefined;
}

let last: FocusOrigin | undefined;

/** Starts to follow the focus. */
export function followFocus(): void {
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) last = originOf(target) ?? last;
  });
}

/** The control outside of dialogs and menus that had the focus last. */
export function lastFocused(): FocusOrigin | undefined {
  return last;
}

/** Is true when no control has the focus. */
export function isFocusLost(): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || !activeElement.isConnected;
}

/** True while a dialog is open. It takes the focus itself. */
export function isDialogOpen(): boolean {
  return document.querySelector(DIALOG) !== null;
}

export function returnFocus(origin: FocusOrigin | undefined): void {
  const found = origin && (findAgain(origin) ?? neighborOf(origin));
  (found ?? document.querySelector<HTMLElement>("main h1"))?.focus();
}

function originOf(target: HTMLElement): FocusOrigin | undefined {
  if (target.closest(DIALOG)) return undefined;
  const menu = target.closest("[role=menu], [role=listbox]");
  const opener = menu && document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu.id)}"]`);
  if (menu && !opener) return undefined;
  const element = opener ?? target;
  return { element, selector: selectorOf(element), row: rowOf(element) };
}

function selectorOf(element: HTMLElement): string | undefined {
  for (const name of ["aria-label", "href"]) {
    const value = element.getAttribute(name);
    if (value) return `main ${element.localName}[${name}="${CSS.escape(value)}"]`;
  }
  return undefined;
}

function rowOf(element: HTMLElement): FocusOrigin["row"] {
  const row = element.closest("tr");
  const index = Number(row?.getAttribute("aria-rowindex"));
  const table = element.closest("[aria-label]:has(table)")?.getAttribute("aria-label");
  return table && index > 0 ? { table, index } : undefined;
}

function findAgain({ element, selector }: FocusOrigin): HTMLElement | undefined {
  if (element.isConnected && element.checkVisibility()) return element;
  return (selector && document.querySelector<HTMLElement>(selector)) || undefined;
}

/** The first control of the row that took the place of a row that is gone. */
function neighborOf({ row }: FocusOrigin): HTMLElement | undefined {
  if (!row) return undefined;
  const rows = [
    ...document.querySelectorAll<HTMLElement>(
      `[aria-label="${CSS.escape(row.table)}"] tbody tr[aria-rowindex]`,
    ),
  ];
  const next = rows.find((one) => Number(one.getAttribute("aria-rowindex")) >= row.index) ?? rows.at(-1);
  return next?.querySelector<HTMLElement>(FOCUSABLE) ?? undefined;
}
