// The type of a collector, and functions that all collectors use.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Gap, GapKind } from "@attacklens/protocol/inventory/gaps.ts";
import { isPlainText, toPlainText } from "@attacklens/protocol/plain-text.ts";
import type { HostFiles } from "./host-files.ts";
import { redactSecrets } from "./redact-secrets.ts";

/**
 * Reads one category of the host. Throws if it cannot be read, and `NotOnThisHost` if the host has nothing of
 * it. What it leaves out, it notes as a gap: `files.noteGap`. The caller sorts the items, keeps the first
 * item of each key, and counts those beyond the limit, so that a long list need not be in memory at once: a
 * generator yields it.
 */
export type Collector<C extends Category> = (
  files: HostFiles,
) => Iterable<Item<C>> | AsyncIterable<Item<C>> | Promise<Iterable<Item<C>>>;

/** The host has nothing for this collector to read. The message says what is missing. */
export class NotOnThisHost extends Error {}

/** A file or another subject of the host cannot be read: a gap, or the end of the collector. */
export class CannotRead extends Error {
  constructor(
    readonly subject: string,
    readonly reason: string,
    readonly kind: GapKind,
    options?: ErrorOptions,
  ) {
    super(`Cannot read ${subject}: ${reason}`, options);
  }
}

/** The gap that an error leaves. `subject` is for an error that does not name it. */
export function gapOf(error: unknown, subject: string): Gap {
  if (error instanceof CannotRead) return { kind: error.kind, subject: error.subject, reason: error.reason };
  return { kind: "unreadable", subject, reason: error instanceof Error ? error.message : String(error) };
}

/** The collector used up its time. */
export class TooSlow extends Error {}

/**
 * Cleans a text from the host for the report: at most `maxLength` UTF-16 units, no control characters, no
 * secret that can be recognized.
 */
export function factText(text: string, maxLength: number): string {
  // Longer than any token beyond the end, so that none is cut before it is found.
  const start = text.length > maxLength + 1_000 ? text.slice(0, maxLength + 1_000) : text;
  const kept = redactSecrets(start);
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
