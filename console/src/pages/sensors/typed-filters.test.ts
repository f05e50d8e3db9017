import { expect, test } from "bun:test";
import { takeFilters } from "./typed-filters.ts";

const none = { change: {}, problem: undefined };

test("a filter is taken when a space follows it, and the rest stays the search", () => {
  expect(takeFilters("web status:off", false)).toEqual({ ...none, rest: "web status:off", search: "web" });
  expect(takeFilters("web status:offline", false)).toMatchObject({ change: {}, search: "web" });
  expect(takeFilters("web status:offline ", false)).toEqual({
    ...{ change: { status: "offline" }, rest: "web", search: "web", problem: undefined },
  });
  expect(takeFilters("tag:pci last-seen>7d", true).change).toEqual({ tag: "pci", notSeenFor: "7d" });
});

test("text that is no filter is the search as it was typed", () => {
  for (const text of ['say "hi"  ', "fe80::1", "00:16:3e:00:00:07", " "])
    expect(takeFilters(text, true)).toEqual({ ...none, rest: text, search: text });
  expect(takeFilters('"status:x"', true)).toEqual({ ...none, rest: '"status:x"', search: "status:x" });
});

test("a wrong value stays in the field with its reason", () => {
  const { rest, search, problem } = takeFilters("status:bogus web ", false);
  expect({ rest, search }).toEqual({ rest: "status:bogus web ", search: "web" });
  expect(problem).toStartWith("status:bogus must be some of");
});
