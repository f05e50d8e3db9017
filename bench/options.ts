// The options of `npm run bench -- [NAMES] [OPTIONS]`.
import { parseArgs } from "node:util";
import { TaskError } from "../harness/terminal.ts";

export interface BenchOptions {
  names: string[];
  /** Prints a line of JSON for each figure instead of a table. */
  json: boolean;
  /** How many sensors a benchmark has. Absent: what each benchmark chooses. */
  sensors: number | undefined;
  /** An administrator's URL of the PostgreSQL to measure. Absent: a throwaway one with durable writes. */
  database: string | undefined;
  /** Writes profiles of the server's CPU to this folder. */
  profile: string | undefined;
}

export const USAGE = `npm run bench -- [NAME...] [--sensors N] [--database URL] [--profile FOLDER] [--json]`;
const MAX_SENSORS = 1_000_000;

/** Throws TaskError for unknown names and options. */
export function parseBenchOptions(args: string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TaskError(`Unknown benchmark ${unknown}. Use ${known.join(", ")}`);
  const sensors = values.sensors === undefined ? undefined : Number(values.sensors);
  if (sensors !== undefined && !(Number.isInteger(sensors) && sensors >= 1 && sensors <= MAX_SENSORS))
    throw new TaskError(`--sensors must be between 1 and ${MAX_SENSORS}, but is ${values.sensors}`);
  return {
    names: positionals,
    json: values.json ?? false,
    sensors,
    database: values.database,
    profile: values.profile,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        sensors: { type: "string" },
        database: { type: "string" },
        profile: { type: "string" },
      },
    });
  } catch (error) {
    throw new TaskError(`${(error as Error).message}\nhint: ${USAGE}`);
  }
}
