import { expect, test } from "bun:test";
import { findOpening, storeOpening } from "./openings.ts";

const EARLY = "2026-11-24T09:00:00.000Z";
const LATE = "2026-11-24T09:05:00.000Z";

function openStorage() {
  const content = new Map<string, string>();
  return {
    content,
    getItem: (name: string) => content.get(name) ?? null,
    setItem: (name: string, value: string) => void content.set(name, value),
  };
}

test("a reload of an entry keeps its instant, and another entry or token has none", () => {
  const storage = openStorage();
  storeOpening(storage, "tok_1", "entry-1", EARLY);
  expect(findOpening(storage, "tok_1", "entry-1")).toBe(EARLY);
  expect(findOpening(storage, "tok_1", "entry-2")).toBeUndefined();
  expect(findOpening(storage, "tok_2", "entry-1")).toBeUndefined();
  storeOpening(storage, "tok_1", "entry-1", LATE);
  expect(findOpening(storage, "tok_1", "entry-1")).toBe(LATE);
});

test("what another program stored, and a full storage, are ignored", () => {
  const storage = openStorage();
  for (const text of ["not JSON", "{}", '[["tok_1 entry-1"],["tok_1 entry-1","not a time"],7,null]']) {
    storage.setItem("attacklens.openings", text);
    expect(findOpening(storage, "tok_1", "entry-1")).toBeUndefined();
  }
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("QuotaExceededError");
    },
  };
  storeOpening(full, "tok_1", "entry-1", EARLY);
  expect(findOpening(full, "tok_1", "entry-1")).toBeUndefined();
});

test("only the latest entries are kept", () => {
  const storage = openStorage();
  for (let entry = 0; entry < 150; entry++) storeOpening(storage, "tok_1", `entry-${entry}`, EARLY);
  expect(findOpening(storage, "tok_1", "entry-0")).toBeUndefined();
  expect(findOpening(storage, "tok_1", "entry-149")).toBe(EARLY);
  expect(storage.content.get("attacklens.openings")!.length).toBeLessThan(10_000);
});
