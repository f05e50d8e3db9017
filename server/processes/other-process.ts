// A process that the first process of a server has started.
import { type Answers, openChannel } from "./channel.ts";
import type { FirstAnswers, OtherAnswers } from "./questions.ts";

/** `input` and `write`: the standard input and output, which the first process has. */
export function openFirstProcess(input: ReadableStream<Uint8Array>, write: (line: string) => unknown) {
  const answers: Answers = {};
  const channel = openChannel<FirstAnswers>(write, answers);
  return {
    ask: channel.ask,
    /** Sets what this process answers. */
    answer: (own: OtherAnswers) => void Object.assign(answers, own),
    /** Resolves when the first process has ended. */
    ended: channel.receiveFrom(input).catch(() => {}),
  };
}

export type FirstProcess = ReturnType<typeof openFirstProcess>;
