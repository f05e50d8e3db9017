import { expect, test } from "bun:test";
import { openOpenings } from "./openings.ts";

const EARLY = "2026-11-24T09:00:00.000Z";
const LATE = "2026-11-24T09:05:00.000Z";

function openStore() {
  const content = new Map<string, string>();
  return {
    content,
    getItem: (name: string) => content.get(name) ?? null,
    setItem: (name: string, value: string) => void content.set(name, value),
  };
}

test("a reload of the same entry keeps the instant, and a new entry has none", () => {
  const store = openStore();
  openOpenings(() => store).set("tok_1", "entry-1", EARLY);
  const reloaded = openOpenings(() => store);
  expect(reloaded.find("tok_1", "entry-1")).toBe(EARLY);
  expect(reloaded.find("tok_1", "entry-2")).toBeUndefined();
  expect(reloaded.find("tok_2", "entry-1")).toBeUndefined();
});

test("tabs and dialogs of an open page share its instant, and a page opened later does not", () => {
  const store = openStore();
  const openings = openOpenings(() => store);
  openings.set("tok_1", "entry-1", EARLY);
  const [frame, panel] = [openings.hold("tok_1", EARLY), openings.hold("tok_1", EARLY)];
  expect(openings.find("tok_1", "entry-2")).toBe(EARLY);
  openings.remember("tok_1", "entry-2", EARLY);
  panel();
  expect(openings.find("tok_1", "entry-3")).toBe(EARLY);
  frame();
  expect(openings.find("tok_1", "entry-3")).toBeUndefined();
  // Back to an entry of the page.
  expect(openings.find("tok_1", "entry-2")).toBe(EARLY);
});

test("a new start replaces the instant and calls the listeners", () => {
  const openings = openOpenings(openStore);
  let calls = 0;
  const stop = openings.subscribe(() => calls++);
  openings.hold("tok_1", EARLY);
  openings.set("tok_1", "entry-1", LATE);
  expect(openings.find("tok_1", "entry-9")).toBe(LATE);
  stop();
  openings.set("tok_1", "entry-1", EARLY);
  expect(calls).toBe(1);
});

test("what another program stored, a full storage and a missing one are ignored", () => {
  const store = openStore();
  for (const text of ["not JSON", "{}", '[["tok_1 entry-1"],["tok_1 entry-1","not a time"],7]']) {
    store.setItem("attacklens.openings", text);
    expect(openOpenings(() => store).find("tok_1", "entry-1")).toBeUndefined();
  }
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("QuotaExceededError");
    },
  };
  openOpenings(() => full).set("tok_1", "entry-1", EARLY);
  openOpenings(() => undefined).set("tok_1", "entry-1", EARLY);
});

test("only the latest entries are kept", () => {
  const store = openStore();
  const openings = openOpenings(() => store);
  for (let entry = 0; entry < 150; entry++) openings.remember("tok_1", `entry-${entry}`, EARLY);
  expect(openings.find("tok_1", "entry-0")).toBeUndefined();
  expect(openings.find("tok_1", "entry-149")).toBe(EARLY);
  expect(store.content.get("attacklens.openings")!.length).toBeLessThan(10_000);
});
