// The places of lists, for each entry of the browser's history: Back shows the rows that the user left, also
// after the page was loaded again.
import { useMatch, useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { PlaceKeeper, TablePlace } from "../ui/use-table-place.ts";

const STORED_AS = "attacklens.places";
/** Entries of the history. The oldest is forgotten. */
const MOST = 30;
/** Rows that are loaded again for a place. */
const MOST_ROWS = 5_000;

type Places = [key: string, place: TablePlace][];

/** `search` is the part of the address that chooses the rows. */
export function useListPlace(search: unknown): PlaceKeeper {
  const { pathname } = useMatch({ strict: false });
  const key = useEntryOf(pathname);
  const latest = useRef<TablePlace>(undefined);
  const restored = useMemo(() => readPlaces().find(([one]) => one === key)?.[1], [key]);
  useEffect(() => {
    latest.current = restored;
    const keep = () => latest.current && keepPlace(key, latest.current);
    addEventListener("pagehide", keep);
    return () => {
      removeEventListener("pagehide", keep);
      keep();
    };
  }, [key, restored]);
  const note = useCallback((place: TablePlace) => {
    latest.current = place;
  }, []);
  const rowsKey = JSON.stringify(search);
  return useMemo(() => ({ restored, rowsKey, note }), [restored, rowsKey, note]);
}

/** The key of the latest history entry with this address. A dialog above the list has another address. */
function useEntryOf(pathname: string): string {
  const location = useRouterState({ select: (state) => state.location });
  const key = useRef("");
  if (location.pathname.replace(/\/$/, "") === pathname.replace(/\/$/, ""))
    key.current = location.state.__TSR_key ?? "";
  return key.current;
}

function readPlaces(): Places {
  try {
    const places: unknown = JSON.parse(sessionStorage.getItem(STORED_AS) ?? "[]");
    return Array.isArray(places) ? (places as Places) : [];
  } catch {
    return [];
  }
}

function keepPlace(key: string, place: TablePlace): void {
  const others = readPlaces().filter(([one]) => one !== key);
  const kept = { ...place, rows: Math.min(place.rows, MOST_ROWS) };
  try {
    sessionStorage.setItem(STORED_AS, JSON.stringify([...others, [key, kept]].slice(-MOST)));
  } catch {
    // Without storage, a list begins at its top.
  }
}
