// Stores uploaded chunks and reports by group commit: those of many sensors that arrive together share one
// transaction.
import { openBatcher, type Waiting } from "../batcher.ts";
import { togetherOrAlone } from "../db/group-commit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { pace } from "../pace.ts";
import { type RememberedSensor, readSensorStates } from "../sensors/record/remembered-sensors.ts";
import type { ReportWriter, SensorReport } from "./report-writer.ts";
import type { ChunkWriter, Upload } from "./storage/chunk-writer.ts";

/** Either of them. */
interface Write {
  upload?: Upload;
  report?: SensorReport;
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
const PACE_MS = 10;

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
    const reported = await reports.prepare(writes.flatMap(({ report }) => report ?? []));
    await pace.turn("write");
    const states = await inTransaction(db, async (tx) => {
      await uploaded.insert(tx);
      return await readSensorStates(tx, await reported.insert(tx));
    });
    uploaded.committed();
    await reported.committed();
    const stateOf = new Map(states.map((state) => [state.id, state]));
    const uploads = uploaded.outcomes.values();
    return writes.map(({ report }) => {
      if (report) return { sensor: stateOf.get(report.sensorId) };
      const outcome = uploads.next().value;
      return outcome instanceof Error ? outcome : {};
    });
  }

  return {
    upload: async (upload: Upload): Promise<void> => void (await batcher.add({ upload })),
    /** Returns the state of the sensor after the report, or undefined if the report changes nothing. */
    report: async (report: SensorReport): Promise<RememberedSensor | undefined> =>
      (await batcher.add({ report })).sensor,
  };
}

/** Takes one report per sensor, so that its reports are stored in order. */
function takeBatch<W extends Waiting<Write, Stored>>(waiting: W[]): { batch: W[]; rest: W[] } {
  const batch: W[] = [];
  const rest: W[] = [];
  const reporting = new Set<string>();
  let characters = 0;
  for (const one of waiting) {
    const { upload, report } = one.request;
    if (report) {
      const isNext = reporting.size < MAX_REPORTS && !reporting.has(report.sensorId);
      if (isNext) reporting.add(report.sensorId);
      (isNext ? batch : rest).push(one);
    } else if (upload) {
      characters += upload.chunks.reduce((sum, { text }) => sum + text.length, 0);
      (batch.length === 0 || characters <= MAX_CHARACTERS ? batch : rest).push(one);
    }
  }
  return { batch, rest };
}
