// How a command that calls a server ends when it fails: a code for scripts, a sentence and a hint for people.
import { PROBLEMS, type Problem, type ProblemCode } from "@attacklens/protocol/problems.ts";

/** Documented in docs/operate.md; stable. */
export const EXIT_CODES = {
  failed: 1,
  usage: 2,
  /** Not signed in, or not permitted. */
  denied: 3,
  unreachable: 4,
  "not-found": 5,
  /** The server refuses what was asked: a name that is taken, a value that is not valid, a state against it. */
  refused: 6,
} as const;

export class CommandError extends Error {
  constructor(
    readonly exit: keyof typeof EXIT_CODES,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

const DENIED: readonly ProblemCode[] = ["not-signed-in", "permission-missing", "wrong-credentials"];

/** A refusal of the server as the end of a command. */
export function refusalError(problem: Problem): CommandError {
  const fields = Object.entries(problem.fields ?? {}).map(([field, message]) => `${field} ${message}`);
  const { title, status } = PROBLEMS[problem.code];
  const message = fields.length > 0 ? fields.join("; ") : problem.detail || title;
  if (DENIED.includes(problem.code)) return new CommandError("denied", message);
  if (problem.code === "not-found") return new CommandError("not-found", message);
  if (status >= 500) return new CommandError("unreachable", `the server answers: ${title}`);
  return new CommandError("refused", message);
}
