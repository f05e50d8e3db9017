import { expect, test } from "bun:test";
import { Problem } from "@attacklens/protocol/problems.ts";
import { problemSentence } from "./problem-sentences.ts";
import { exactTime } from "./ui/time.ts";

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
