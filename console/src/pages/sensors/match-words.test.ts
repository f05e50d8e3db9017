import { expect, test } from "bun:test";
import type { ComparedFact } from "@attacklens/protocol/compared-facts.ts";
import { evidenceText, verdictOn } from "./match-words.ts";

const serial = {
  kind: "serial-number",
  before: "B5R3342",
  now: "B5R3342",
  agrees: true,
  evidence: "for",
} as const;
const hostname = {
  kind: "hostname",
  before: "db-07",
  now: "db-07",
  agrees: true,
  evidence: "not-hardware",
} as const;

test("matching hardware is evidence, and a matching name is not", () => {
  expect(verdictOn(serial)).toMatchObject({ compared: "Agrees", color: "green", evidence: "Yes" });
  expect(verdictOn(hostname)).toMatchObject({ compared: "Agrees", color: "gray" });
  expect(verdictOn(hostname).evidence).toStartWith("No: ");
});

test("a hardware fact that is not evidence has a reason", () => {
  const evidenceOf = (change: Partial<ComparedFact>) => verdictOn({ ...serial, ...change }).evidence;
  expect(evidenceOf({ evidence: "shared" })).toContain("another active sensor");
  expect(evidenceOf({ evidence: "same-as-uuid" })).toContain("UUID");
  expect(evidenceOf({ evidence: "not-told", agrees: false, before: null })).toContain("not reported before");
  expect(evidenceOf({ evidence: "not-told", agrees: false, now: null })).toContain("not reported now");
  expect(evidenceOf({ evidence: "placeholder", before: "None", now: "none" })).toContain("manufacturer");
  expect(evidenceOf({ evidence: "against", agrees: false, before: "other" })).toStartWith("Against: ");
});

test("the summary counts the facts that agree and differ", () => {
  const match = { sensor: { id: "sen_1", name: "db-07" }, lastSeenAt: "2026-11-24T10:00:00Z" };
  expect(evidenceText({ ...match, isCertain: true, agreeing: 2, differing: 0 })).toBe(
    "2 hardware facts agree, none differs",
  );
  expect(evidenceText({ ...match, isCertain: false, agreeing: 2, differing: 1 })).toBe(
    "2 hardware facts agree, 1 differs",
  );
});
