import { expect, test } from "bun:test";
import { exactTime } from "../ui/time.ts";
import { differencesOf, entityTypeName, factsOf } from "./audit-words.ts";

const token = { type: "enrollment-token", id: "tok_1", name: "Production", exists: true };
const zone = "Europe/Berlin";

test("settings have the words of their form, times the reader's zone, and lists their changes", () => {
  const before = {
    name: "Production",
    expiresAt: null,
    maxEnrollments: null,
    allowedNetworks: ["10.0.0.0/8", "192.0.2.0/24"],
    requireApproval: false,
  };
  const after = {
    name: "Production EU",
    expiresAt: "2026-12-01T17:00:00.000Z",
    maxEnrollments: 5,
    allowedNetworks: ["10.0.0.0/8", "203.0.113.0/24"],
    requireApproval: true,
  };
  expect(differencesOf({ before, after, entity: token }, zone)).toEqual([
    { label: "Name", kind: "value", before: "Production", after: "Production EU" },
    { label: "Expiry", kind: "value", before: "No expiry", after: exactTime(after.expiresAt, zone) },
    { label: "Enrollment limit", kind: "value", before: "No limit", after: "5 enrollments" },
    { label: "Allowed networks", kind: "list", added: ["203.0.113.0/24"], removed: ["192.0.2.0/24"] },
    { label: "Require approval", kind: "value", before: "No", after: "Yes" },
  ]);
});

test("a created object has no values before, and a value of another release is shown as it is", () => {
  const after = { role: "admin", later: { some: 1 }, unused: [], off: false };
  const entity = { ...token, type: "user" };
  expect(differencesOf({ before: null, after, entity })).toEqual([
    { label: "Role", kind: "value", before: undefined, after: "Admin" },
    { label: "Later", kind: "value", before: undefined, after: '{"some":1}' },
  ]);
  expect(entityTypeName("api-key")).toBe("API key");
  expect(entityTypeName("future-thing")).toBe("Future-thing");
});

test("facts leave out what is empty", () => {
  const details = { valueShownTo: "Ada", refused: "", differs: [], attempts: 12 };
  expect(factsOf({ details, entity: token })).toEqual([
    { label: "Value shown to", value: "Ada" },
    { label: "Attempts", value: "12" },
  ]);
});
