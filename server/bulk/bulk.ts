// Actions on all objects that match a filter. Objects are changed in small transactions, so that no other
// request waits for all of them. Each change is in the audit log. An action ends with its connection.
import { hash } from "node:crypto";
import { type BulkPreview, type BulkProgress, MAX_SELECTED } from "@attacklens/protocol/bulk.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { withEventsLast } from "../audit/audit.ts";
import { forLongWork } from "../db/long-work.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { openTurns } from "../turns.ts";

/** An object that an action could not change. */
export type Refusal = BulkProgress["refusals"][number];

/** Changes some objects in a transaction, and returns those that it could not change. */
export type BulkRun = (tx: Database, some: { id: string; name: string }[]) => Promise<Refusal[]>;

/** An object that matches the filter. */
export interface Candidate {
  id: string;
  name: string;
  /** Why the action is impossible now. */
  obstacle: string | undefined;
}

interface Selection extends BulkPreview {
  chosen: { id: string; name: string }[];
}

const SAMPLE = 10;
const SHOWN_REFUSALS = 10;
/** Objects of one transaction, which other writes may wait for. */
const AT_ONCE = 200;
const PROGRESS_MS = 200;

/** Counts the objects. Throws input-invalid if there are too many. */
export async function previewBulk(slices: AsyncIterable<Candidate[]>): Promise<BulkPreview> {
  const { chosen: _, ...preview } = await select(slices);
  return preview;
}

/**
 * Selects the objects again, and returns a function that changes them. Throws state-conflict unless they are
 * those of the preview.
 */
export async function openBulk(slices: AsyncIterable<Candidate[]>, fingerprint: string, run: BulkRun) {
  const { chosen, ...selection } = await select(slices);
  if (selection.fingerprint !== fingerprint) {
    throw new Problem(
      "state-conflict",
      `The selection has changed since the preview: the action would now change ${selection.possible}. Nothing was changed. Check the preview again`,
    );
  }
  return (db: Database, checkAgain: () => Promise<unknown>) =>
    runBulk(forLongWork(db, "job"), chosen, run, checkAgain);
}

async function select(slices: AsyncIterable<Candidate[]>): Promise<Selection> {
  const turns = openTurns("job");
  const chosen: Selection["chosen"] = [];
  const impossible = new Map<string, number>();
  const mixed = new Uint8Array(32);
  let matching = 0;
  for await (const slice of slices) {
    for (const { obstacle, ...candidate } of slice) {
      matching++;
      if (obstacle === undefined) {
        chosen.push(candidate);
        mix(mixed, candidate.id);
      } else impossible.set(obstacle, (impossible.get(obstacle) ?? 0) + 1);
    }
    if (matching > MAX_SELECTED)
      throw new Problem(
        "input-invalid",
        `More than ${MAX_SELECTED} match. Narrow the filter, and repeat the action for the others`,
        { fields: { filter: `matches more than ${MAX_SELECTED}` } },
      );
    if (turns.isOver()) await turns.next();
  }
  return {
    chosen,
    matching,
    possible: chosen.length,
    impossible: [...impossible].map(([reason, count]) => ({ reason, count })),
    sample: chosen.slice(0, SAMPLE).map(({ name }) => name),
    fingerprint: `${chosen.length}-${Buffer.from(mixed).toString("hex")}`,
  };
}

/** The order of the ids does not matter, so they need no sort. */
function mix(mixed: Uint8Array, id: string): void {
  const digest = hash("sha256", id, "buffer");
  for (let index = 0; index < mixed.length; index++) mixed[index]! ^= digest[index]!;
}

async function* runBulk(
  db: Database,
  chosen: Selection["chosen"],
  run: BulkRun,
  checkAgain: () => Promise<unknown>,
): AsyncGenerator<BulkProgress> {
  const progress: BulkProgress = {
    ...{ total: chosen.length, done: 0, refused: 0, refusals: [] },
    isFinished: false,
  };
  const turns = openTurns("job");
  let shownAt = performance.now();
  yield { ...progress };
  for (let start = 0; start < chosen.length; start += AT_ONCE) {
    // In one order, so that two actions never wait for each other.
    const some = chosen.slice(start, start + AT_ONCE).toSorted(byId);
    try {
      await checkAgain();
      const refusals = await inTransaction(db, (tx) => withEventsLast(tx, () => run(tx, some)));
      progress.done += some.length - refusals.length;
      progress.refused += refusals.length;
      progress.refusals = [...progress.refusals, ...refusals].slice(0, SHOWN_REFUSALS);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      yield { ...progress, isFinished: true, problem: error.detail };
      return;
    }
    await turns.next();
    if (performance.now() - shownAt > PROGRESS_MS) {
      shownAt = performance.now();
      yield { ...progress };
    }
  }
  yield { ...progress, isFinished: true };
}

const byId = (left: { id: string }, right: { id: string }) => (left.id < right.id ? -1 : 1);
