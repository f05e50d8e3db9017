// The thread that runs the reads of lists on SQLite. A statement blocks the thread that runs it.
import { openReadOnlySqlite } from "./read-only.ts";
import type { ReadQuestion } from "./reads.ts";
import { answerQuestions } from "./thread.ts";

answerQuestions(({ file }: { file: string }) => {
  const sqlite = openReadOnlySqlite(file);
  return ({ sql, parameters }: ReadQuestion) => sqlite.all(sql, parameters);
});
