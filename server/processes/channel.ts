// Questions and answers between two processes of the server, one JSON document in each line. They use the
// standard input and output of a process: the channel of Bun needs an environment variable, and the program
// ignores those of its runtime.

type Message =
  | { id: number; question: string; input?: unknown }
  | { id: number; output?: unknown; error?: string };

export type Answers = Record<string, (input: never) => unknown>;

/** A process that is stuck must not keep its questioner waiting. */
const TIMEOUT_MS = 10_000;

/**
 * `write` throws if the other process has ended. `answers`: what this process answers, by question.
 * `Theirs`: what the other one answers.
 */
export function openChannel<Theirs extends Answers>(write: (line: string) => unknown, answers: Answers) {
  const asked = new Map<number, { resolve(output: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  const send = (message: Message) => void write(`${JSON.stringify(message)}\n`);

  async function answer({ id, question, input }: { id: number; question: string; input?: unknown }) {
    let message: Message;
    try {
      message = { id, output: await answers[question]!(input as never) };
    } catch (error) {
      message = { id, error: (error as Error).message };
    }
    try {
      send(message);
    } catch {
      // The other process has ended.
    }
  }

  return {
    async ask<Question extends keyof Theirs & string>(
      question: Question,
      input: Parameters<Theirs[Question]>[0],
      timeoutMs = TIMEOUT_MS,
    ): Promise<Awaited<ReturnType<Theirs[Question]>>> {
      const id = ++lastId;
      let timer: Timer | undefined;
      try {
        return await new Promise<never>((resolve, reject) => {
          asked.set(id, { resolve: resolve as (output: unknown) => void, reject });
          timer = setTimeout(
            () => reject(new Error(`No reply to ${question} from another process of the server`)),
            timeoutMs,
          );
          send({ id, question, input });
        });
      } finally {
        clearTimeout(timer);
        asked.delete(id);
      }
    },
    /** Resolves when the other process has ended. */
    async receiveFrom(stream: ReadableStream<Uint8Array>): Promise<void> {
      const decoder = new TextDecoder();
      let parts: string[] = [];
      for await (const bytes of stream) {
        const [rest, ...lines] = decoder.decode(bytes, { stream: true }).split("\n");
        parts.push(rest!);
        for (const line of lines) {
          const message = parseMessage(parts.join(""));
          if (message) receive(message);
          parts = [line];
        }
      }
      for (const { reject } of asked.values()) reject(new Error("Another process of the server has ended"));
    },
  };

  function receive(message: Message): void {
    if ("question" in message) return void answer(message);
    const waiting = asked.get(message.id);
    if (message.error === undefined) waiting?.resolve(message.output);
    else waiting?.reject(new Error(message.error));
  }
}

/** Returns undefined for a line that a library has printed. */
function parseMessage(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

export type Channel<Theirs extends Answers> = ReturnType<typeof openChannel<Theirs>>;
