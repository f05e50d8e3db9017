// The error of a command that calls a server: an exit code for scripts, a sentence and a hint for users.
import { PROBLEMS, type Problem, type ProblemCode } from "@attacklens/protocol/problems.ts";

/** Stable, and documented in docs/operate.md. */
export const EXIT_CODES = {
  failed: 1,
  usage: 2,
  /** Not signed in, or not permitted. */
  denied: 3,
  unreachable: 4,
  "not-found": 5,
  /** The server rejected the request, for example because a name is taken or a value is not valid. */
  refused: 6,
  /** The audit log was tampered with. */
  tampered: 7,
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

/** The error for a problem that the server returned. */
export function refusalError(problem: Problem): CommandError {
  const fields = Object.entries(problem.fields ?? {}).map(([field, message]) => `${field} ${message}`);
  const { title, status } = PROBLEMS[problem.code];
  const message = fields.length > 0 ? fields.join("; ") : problem.detail || title;
  if (DENIED.includes(problem.code)) return new CommandError("denied", message);
  if (problem.code === "not-found") return new CommandError("not-found", message);
  if (status >= 500) return new CommandError("unreachable", `The server reports a problem: ${title}`);
  return new CommandError("refused", message);
}
