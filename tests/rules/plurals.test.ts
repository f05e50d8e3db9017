// CONTRIBUTING.md, Words: numbers agree with their nouns, through one function.
import { test } from "bun:test";
import { CODE, expectNone, linesMatching } from "./sources.ts";

const PROGRAMS = CODE.filter((file) => /^(protocol|server|console|sensor)\//.test(file));
/** `1 sensor`, or a noun that ends in s, chosen by hand. */
const CHOSEN = /=== 1 \? (""|["'`][^"'`]*["'`]) : ["'`][^"'`]*s["'`]|=== 1 \? "" : "s"/;
/** `${hosts} hosts`: wrong for 1. Sizes and limits are never 1. */
const COUNTED =
  /\$?\{(?:formatCount\()?[\w.]*(?:[cC]ount|[hH]osts|[sS]ensors|[tT]okens|[aA]ssets|[eE]vents|[fF]ailures|[rR]eports|[mM]inutes|[hH]ours|[dD]ays)\)?\} (?!as\b)[a-z]+s\b/;
/** The console writes separators into numbers, and its ui folder does not depend on the protocol. */
const FUNCTIONS = ["protocol/count-of.ts", "console/src/ui/numbers.ts"];

test("a number and its noun agree through countOf", () => {
  const wrong = PROGRAMS.filter(
    (file) => !FUNCTIONS.includes(file) && !/\/testing\/|\.test\.tsx?$/.test(file),
  ).flatMap((file) => [...linesMatching(file, CHOSEN), ...linesMatching(file, COUNTED)]);
  expectNone('"1 sensors" is wrong: write the number and its noun with countOf', wrong);
});
