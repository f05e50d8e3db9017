import { expect, test } from "bun:test";
import { PROBLEM_FACTS, Problem, type ProblemCode } from "@attacklens/protocol/problems.ts";
import { problemSentence } from "./problem-sentences.ts";
import { clockTime, exactTime } from "./ui/time.ts";

const AT = "2026-08-20T10:00:00.000Z";

test("a sentence is written from the names and the times of a problem, in the form of the reader", () => {
  const taken = new Problem("name-taken", 'Another ring is named "A"', { extras: { name: "A" } });
  expect(problemSentence(taken)).toBe("The name “A” is already in use.");
  const conflict = new Problem("state-conflict", `the token was revoked at ${AT}`, { extras: { at: AT } });
  expect(problemSentence(conflict)).toBe(`The token was revoked at ${exactTime(AT)}.`);
});

test("without data, the text of the API has local times, too", () => {
  const text = problemSentence(new Problem("token-expired", `the token expired at ${AT}`));
  expect(text).toBe(`The token expired at ${exactTime(AT)}.`);
});

test("every problem with facts has its sentence, which contains each fact in the form of the reader", () => {
  const samples = {
    name: { fact: "Lab", texts: ["“Lab”"] },
    retryAfterSeconds: { fact: 905, texts: ["15 min 5 s", clockTime(new Date(Date.now() + 905_000))] },
    maxBytes: { fact: 2 * 1024 * 1024, texts: ["2 MiB"] },
  };
  for (const [code, fact] of Object.entries(PROBLEM_FACTS)) {
    const extras = { [fact]: samples[fact].fact };
    const shown = problemSentence(new Problem(code as ProblemCode, "text of the API", { extras }));
    for (const text of samples[fact].texts) expect(shown).toContain(text);
    expect(problemSentence(new Problem(code as ProblemCode, "text of the API"))).toBe("Text of the API.");
  }
});
