// The sentences of problems, in the words, the units and the times of the reader. The API gives the facts as
// data beside its own text.
import type { PROBLEM_FACTS, Problem } from "@attacklens/protocol/problems.ts";
import { formatBytes } from "./ui/numbers.ts";
import { sentence } from "./ui/sentence.ts";
import { clockTime, exactTime, formatElapsed, withLocalTimes } from "./ui/time.ts";

type Facts = NonNullable<Problem["extras"]>;

/** Return undefined without their fact: another release may not send it. */
const SENTENCES: Record<keyof typeof PROBLEM_FACTS, (facts: Facts) => string | undefined> = {
  "name-taken": ({ name }) => (name ? `The name “${name}” is already in use` : undefined),
  "too-many-requests": ({ retryAfterSeconds }) =>
    retryAfterSeconds ? tooMany(retryAfterSeconds) : undefined,
  "body-too-large": ({ maxBytes }) =>
    maxBytes ? `This is too large to send. The limit is ${formatBytes(maxBytes)}` : undefined,
};

function tooMany(seconds: number): string {
  const again = `Too many attempts. Try again in ${formatElapsed(seconds * 1000)}`;
  return seconds < 120 ? again : `${again}, at ${clockTime(new Date(Date.now() + seconds * 1000))}`;
}

/** Without data, the text of the API is shown, with its times in the zone and form of the reader. */
export function problemSentence({ code, detail, extras = {} }: Problem): string {
  const { at } = extras;
  const sentences: Partial<Record<Problem["code"], (facts: Facts) => string | undefined>> = SENTENCES;
  const text = sentences[code]?.(extras) ?? (at ? detail.replaceAll(at, exactTime(at)) : detail);
  return sentence(withLocalTimes(text));
}
