// Since when an open page shows arrivals: an instant of the server's clock for each token.
//
// It is stored in the tab for each entry of the tab's history. A reload, Back and Forward return to the same
// entry and therefore keep the list. A link opens a new entry with a new instant. It is not in the URL: a
// user who opens a shared or bookmarked link would see hosts that enrolled before.

const STORAGE_KEY = "attacklens.openings";
/** Entries of the history. Beyond that, the oldest are forgotten. */
const MAX_STORED = 100;

interface Opening {
  since: string;
  /** Components on the screen that show it. */
  users: number;
}

type Store = Pick<Storage, "getItem" | "setItem">;

export function openOpenings(store: () => Store | undefined) {
  const shown = new Map<string, Opening>();
  const listeners = new Set<() => void>();

  function readStored(): [string, string][] {
    try {
      const parsed: unknown = JSON.parse(store()?.getItem(STORAGE_KEY) ?? "[]");
      if (!Array.isArray(parsed)) return [];
      return parsed.filter(
        (one): one is [string, string] =>
          Array.isArray(one) &&
          one.every((text) => typeof text === "string") &&
          !Number.isNaN(Date.parse(String(one[1]))),
      );
    } catch {
      return [];
    }
  }

  function write(entry: string, since: string): void {
    const others = readStored().filter(([name]) => name !== entry);
    try {
      store()?.setItem(STORAGE_KEY, JSON.stringify([...others, [entry, since]].slice(-MAX_STORED)));
    } catch {
      // Without storage, a reload has a new instant.
    }
  }

  const entryOf = (tokenId: string, historyKey: string) => `${tokenId} ${historyKey}`;

  return {
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Undefined until the server has replied. */
    find(tokenId: string, historyKey: string): string | undefined {
      const entry = entryOf(tokenId, historyKey);
      return shown.get(tokenId)?.since ?? readStored().find(([name]) => name === entry)?.[1];
    },
    set(tokenId: string, historyKey: string, since: string): void {
      const users = shown.get(tokenId)?.users ?? 0;
      if (users > 0) shown.set(tokenId, { since, users });
      write(entryOf(tokenId, historyKey), since);
      for (const listener of listeners) listener();
    },
    /** Call it for each entry of the history while the page is open: tabs and dialogs have entries too. */
    remember(tokenId: string, historyKey: string, since: string): void {
      write(entryOf(tokenId, historyKey), since);
    },
    /** The page is open until the returned function is called, whatever the entry of the history. */
    hold(tokenId: string, since: string): () => void {
      shown.set(tokenId, { since, users: (shown.get(tokenId)?.users ?? 0) + 1 });
      return () => {
        const opening = shown.get(tokenId);
        if (opening && opening.users > 1) opening.users--;
        else shown.delete(tokenId);
      };
    },
  };
}
