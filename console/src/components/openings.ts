// Since when an open page shows arrivals: an instant of the server's clock for each token.
//
// It is stored in the tab for each entry of the tab's history. A reload, Back and Forward return to the same
// entry and therefore keep the list. A link opens a new entry with a new instant. It is not in the URL: a
// user who opens a shared or bookmarked link would see hosts that enrolled before.

const STORAGE_KEY = "attacklens.openings";
/** Entries of the history. Beyond that, the oldest are forgotten. */
const MAX_STORED = 100;

export type TabStorage = Pick<Storage, "getItem" | "setItem">;

/** Returns the storage of the tab, or none where the browser refuses it. */
export function tabStorage(): TabStorage {
  try {
    return sessionStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
}

/** Returns undefined for a page that was not opened yet. */
export function findOpening(storage: TabStorage, tokenId: string, historyKey: string): string | undefined {
  const entry = entryOf(tokenId, historyKey);
  return readOpenings(storage).find(([name]) => name === entry)?.[1];
}

/** Call it for each entry of the history while the page is open: tabs and dialogs have entries too. */
export function storeOpening(storage: TabStorage, tokenId: string, historyKey: string, since: string): void {
  const entry = entryOf(tokenId, historyKey);
  const others = readOpenings(storage).filter(([name]) => name !== entry);
  try {
    storage.setItem(STORAGE_KEY, JSON.stringify([...others, [entry, since]].slice(-MAX_STORED)));
  } catch {
    // Without room, a reload has a new instant.
  }
}

const entryOf = (tokenId: string, historyKey: string) => `${tokenId} ${historyKey}`;

function readOpenings(storage: TabStorage): [entry: string, since: string][] {
  try {
    const parsed: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? "[]");
    return Array.isArray(parsed) ? parsed.filter(isOpening) : [];
  } catch {
    return [];
  }
}

function isOpening(one: unknown): one is [string, string] {
  return (
    Array.isArray(one) &&
    typeof one[0] === "string" &&
    typeof one[1] === "string" &&
    !Number.isNaN(Date.parse(one[1]))
  );
}
