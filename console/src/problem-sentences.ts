// The sentences of problems, in the words and the times of the reader. The API gives the names and the times
// as data beside its own text.
import type { Problem, ProblemCode } from "@attacklens/protocol/problems.ts";
import { sentence } from "./ui/sentence.ts";
import { exactTime, withLocalTimes } from "./ui/time.ts";

type Facts = NonNullable<Problem["extras"]>;

const SENTENCES: Partial<Record<ProblemCode, (facts: Facts) => string | undefined>> = {
  "name-taken": ({ name }) => (name ? `The name “${name}” is already in use` : undefined),
};

/** Without data, the text of the API is shown, with its times in the zone and form of the reader. */
export function problemSentence({ code, detail, extras = {} }: Problem): string {
  const { at } = extras;
  const text = SENTENCES[code]?.(extras) ?? (at ? detail.replaceAll(at, exactTime(at)) : detail);
  return sentence(withLocalTimes(text));
}
