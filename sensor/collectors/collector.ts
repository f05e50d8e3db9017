// The type of a collector, and functions that all collectors use.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { isPlainText, toPlainText } from "@attacklens/protocol/plain-text.ts";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import type { HostFiles } from "./host-files.ts";

/**
 * Reads one category of the host. Throws if it cannot be read, and `NotOnThisHost` if the host does not have
 * it. It reads only files and sockets, and runs no commands. The caller sorts the items and keeps only the
 * first item of each key.
 */
export type Collector<C extends Category> = (files: HostFiles) => Item<C>[] | Promise<Item<C>[]>;

/** The host has nothing for this collector to read. */
export class NotOnThisHost extends Error {}

/**
 * Cleans a text from the host for the report: at most `maxLength` UTF-16 units, no control characters, no
 * enrollment token.
 */
export function factText(text: string, maxLength: number): string {
  const kept = text.includes("atl_enr_") ? redactTokenValues(text) : text;
  return kept.length <= maxLength && isPlainText(kept) ? kept : toPlainText(kept, maxLength);
}

/** Like `factText`; undefined for an empty text. */
export function optionalFact(text: string | undefined, maxLength: number): string | undefined {
  const trimmed = text?.trim();
  return trimmed ? factText(trimmed, maxLength) : undefined;
}

/** A whole number that is not negative, or undefined. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Yields to the rest of the process, for loops whose length depends on the host. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
