// Stores uploaded chunks and reports by group commit: those of many sensors that arrive together share one
// transaction.
import { openBatcher, type Waiting } from "../batcher.ts";
import { togetherOrAlone } from "../db/group-commit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { pace } from "../pace.ts";
import { lockSenders, type Sender } from "../sensors/record/lock-sender.ts";
import { type RememberedSensor, readSensorStates } from "../sensors/record/remembered-sensors.ts";
import type { ReportWriter, SensorReport } from "./report-writer.ts";
import type { ChunkWriter, NewChunk, StoredChunk, Upload } from "./storage/chunk-writer.ts";
import { type NewContent, withNumbers } from "./storage/manifest-writer.ts";

/** What a request of a sensor stores. */
interface Write {
  sender: Sender;
  upload?: Upload | undefined;
  /** Of contents that may have the uploaded chunks. */
  report?: SensorReport<NewContent>;
}

interface Stored {
  /** The state of the sensor after the report. Absent: nothing has changed. */
  sensor?: RememberedSensor | undefined;
}

/** Reports of one batch. */
const MAX_REPORTS = 256;
/** Characters of the texts of one batch, so that writing it does not block other requests for long. */
const MAX_CHARACTERS = 1_000_000;
/** Unnoticeable for a sensor, and long enough for others to join. */
const PACE_MS = 40;

export function openInventoryWriter(
  db: Database,
  { chunks, reports }: { chunks: ChunkWriter; reports: ReportWriter },
) {
  const batcher = openBatcher<Write, Stored>({
    ...{ running: 1, paceMs: PACE_MS, take: takeBatch },
    work: (writes) => togetherOrAlone(writes, store),
  });

  async function store(writes: Write[]): Promise<(Stored | Error)[]> {
    await pace.turn("write");
    const uploaded = await chunks.prepare(writes.flatMap(({ upload }) => upload ?? []));
    const outcomes = uploaded.outcomes.values();
    const errors = writes.map(({ upload }) => {
      const outcome = upload && outcomes.next().value;
      return outcome instanceof Error ? outcome : undefined;
    });
    const reported = await reports.prepare(
      writes.flatMap(({ report }, index) =>
        report && !errors[index] ? withStoredChunks(report, uploaded.chunkOf) : [],
      ),
    );
    await pace.turn("write");
    const { refusals, states } = await inTransaction(db, async (tx) => {
      const refusals = await lockSenders(
        tx,
        writes.map(({ sender }) => sender),
      );
      if (refusals.some((refusal) => refusal !== undefined)) return { refusals, states: undefined };
      await uploaded.insert(tx);
      return { refusals, states: await readSensorStates(tx, await reported.insert(tx)) };
    });
    if (!states) return await storeOthers(writes, refusals);
    uploaded.committed();
    await reported.committed();
    const stateOf = new Map(states.map((state) => [state.id, state]));
    return writes.map(
      ({ report }, index) => errors[index] ?? { sensor: report && stateOf.get(report.sensorId) },
    );
  }

  /** What was prepared has chunks of refused senders, so it is prepared again. */
  async function storeOthers(writes: Write[], refusals: (Error | undefined)[]): Promise<(Stored | Error)[]> {
    const others = writes.filter((_, index) => !refusals[index]);
    const stored = (others.length > 0 ? await store(others) : []).values();
    return refusals.map((refusal) => refusal ?? stored.next().value!);
  }

  /** Returns the state of the sensor after the report, or undefined if the write changes nothing of it. */
  return async (write: Write): Promise<RememberedSensor | undefined> => (await batcher.add(write)).sensor;
}

function withStoredChunks(
  report: SensorReport<NewContent>,
  uploaded: (hash: string) => StoredChunk,
): SensorReport {
  const categories = report.categories.map(({ content, ...said }) =>
    content ? { ...said, content: withNumbers(content, uploaded) } : said,
  );
  return { ...report, categories };
}

/** Takes one report per sensor, so that its reports are stored in order. */
function takeBatch<W extends Waiting<Write, Stored>>(waiting: W[]): { batch: W[]; rest: W[] } {
  const batch: W[] = [];
  const rest: W[] = [];
  const reporting = new Set<string>();
  let characters = 0;
  for (const one of waiting) {
    const { upload, report } = one.request;
    const added = charactersOf(upload?.chunks ?? []);
    const fits = added === 0 || batch.length === 0 || characters + added <= MAX_CHARACTERS;
    const isNext = !report || (reporting.size < MAX_REPORTS && !reporting.has(report.sensorId));
    if (!fits || !isNext) {
      rest.push(one);
      // Its later reports must not overtake this one.
      if (report) reporting.add(report.sensorId);
      continue;
    }
    characters += added;
    if (report) reporting.add(report.sensorId);
    batch.push(one);
  }
  return { batch, rest };
}

function charactersOf(chunks: readonly NewChunk[]): number {
  return chunks.reduce((sum, { text }) => sum + text.length, 0);
}
