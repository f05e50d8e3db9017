// A thread for work that would block the event loop. It processes one question at a time, with limits on the
// number of waiting questions and on the time of each. It starts with the first question, and restarts after
// a question that took too long or ended it.
import { setPriority } from "node:os";
import { Problem } from "@attacklens/protocol/problems.ts";

const LIMITS = {
  /** Waiting questions. Further ones are refused. */
  waiting: 200,
  /** The time limit of one question. A thread that runs a statement ends only after the statement. */
  timeMs: 10_000,
};

/** A message to a thread: first its settings, then questions. */
export interface ThreadMessage<Settings, Question> {
  settings?: Settings;
  question?: Question;
}

/** The reply of a thread to a question. */
export type ThreadReply<Answer> = { answer: Answer } | { error: { message: string; code?: string } };

export interface Thread<Question, Answer> extends AsyncDisposable {
  /**
   * Throws unavailable if too many questions wait or the time limit is exceeded, and the question's own
   * error.
   */
  ask(question: Question): Promise<Answer>;
}

interface Asked<Question, Answer> {
  question: Question;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/** `file` is a path from the top folder of the repository. */
export function openThread<Settings, Question, Answer>(
  file: string,
  settings: Settings,
  limits: typeof LIMITS = LIMITS,
): Thread<Question, Answer> {
  const waiting: Asked<Question, Answer>[] = [];
  let worker: Worker | undefined;
  let running: Asked<Question, Answer> | undefined;
  let timer: Timer | undefined;
  let isClosed = false;

  function next(): void {
    if (running || isClosed) return;
    running = waiting.shift();
    if (!running) return;
    worker ??= start();
    worker.postMessage({ question: running.question } satisfies ThreadMessage<Settings, Question>);
    timer = setTimeout(() => stop(unavailable("it took too long")), limits.timeMs);
  }

  function finish(end: (asked: Asked<Question, Answer>) => void): void {
    clearTimeout(timer);
    const finished = running;
    running = undefined;
    if (finished) end(finished);
    next();
  }

  /** Ends the thread and its current question. The waiting questions get a new thread. */
  function stop(error: unknown): void {
    worker?.terminate();
    worker = undefined;
    finish(({ reject }) => reject(error));
  }

  function start(): Worker {
    // The thread must not keep a finished command running.
    const started = new Worker(workerUrl(file), { ref: false } as WorkerOptions);
    started.onmessage = ({ data }: MessageEvent<ThreadReply<Answer>>) => {
      if (started !== worker) return;
      if ("answer" in data) finish(({ resolve }) => resolve(data.answer));
      else
        finish(({ reject }) =>
          reject(Object.assign(new Error(data.error.message), { code: data.error.code })),
        );
    };
    started.onerror = (event) => {
      if (started === worker) stop(new Error(`The thread ${file} ended: ${event.message}`));
    };
    started.postMessage({ settings } satisfies ThreadMessage<Settings, Question>);
    return started;
  }

  return {
    ask(question) {
      return new Promise((resolve, reject) => {
        if (isClosed) return reject(unavailable("the server is stopping"));
        if (waiting.length >= limits.waiting) return reject(unavailable("too many others wait"));
        waiting.push({ question, resolve, reject });
        next();
      });
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const ended = waiting.splice(0);
      stop(unavailable("the server is stopping"));
      for (const { reject } of ended) reject(unavailable("the server is stopping"));
    },
  };
}

/** As nice(1): on a core that it shares with the event loop, the thread gets a fourth of the time. */
const NICE = 5;

/** Only Linux has priorities of threads. Elsewhere, this one would be that of the process. */
function yieldToOthers(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, NICE);
  } catch {
    // A sandbox, such as that of the systemd unit, may forbid it. Then the thread has the priority of others.
  }
}

/** In a thread's file: passes the questions to the function that `open` returns, one after another. */
export function answerQuestions<Settings, Question, Answer>(
  open: (settings: Settings) => (question: Question) => Answer | Promise<Answer>,
): void {
  yieldToOthers();
  let answer: ((question: Question) => Answer | Promise<Answer>) | undefined;
  self.onmessage = async ({ data }: MessageEvent<ThreadMessage<Settings, Question>>) => {
    try {
      if (data.settings !== undefined) answer = open(data.settings);
      if (data.question !== undefined)
        postMessage({ answer: await answer?.(data.question) } as ThreadReply<Answer>);
    } catch (error) {
      const { message, code } = error as { message: string; code?: string };
      postMessage({ error: { message, code } } satisfies ThreadReply<Answer>);
    }
  };
}

function unavailable(reason: string): Problem {
  return new Problem("unavailable", `The list cannot be read now: ${reason}`, {
    extras: { retryAfterSeconds: 5 },
  });
}

/** A compiled program contains the file under its path from the top folder of the repository. */
function workerUrl(file: string): string {
  const isBuilt = /\/(\$bunfs|~BUN)\//.test(import.meta.url);
  return new URL(isBuilt ? `./${file}` : `../../${file}`, import.meta.url).href;
}
