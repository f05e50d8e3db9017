// The thread that copies the WAL of SQLite into its file.
import { Database as BunDatabase } from "bun:sqlite";
import { answerQuestions } from "./thread.ts";

/** While the server writes, a pass leaves what was written meanwhile to the next one. */
const PASSES = 5;

/** Between checkpoints, there is no connection that would keep the WAL when the server closes its own. */
answerQuestions(({ file }: { file: string }) => () => {
  const sqlite = new BunDatabase(file, { readwrite: true, create: false, strict: true });
  const checkpoint = sqlite.prepare<{ log: number; checkpointed: number }, []>(
    "PRAGMA wal_checkpoint(PASSIVE)",
  );
  try {
    for (let pass = 1; pass <= PASSES; pass++) {
      const { log, checkpointed } = checkpoint.get()!;
      // The next write then starts the WAL from its beginning.
      if (log === checkpointed) return true;
    }
    return false;
  } finally {
    checkpoint.finalize();
    sqlite.close();
  }
});
