import { expect, test } from "bun:test";
import {
  changesBetween,
  newTokenValues,
  readProposal,
  toRequest,
  usesError,
  withProposal,
} from "./token-values.ts";

const now = new Date(2026, 10, 24, 12, 30);
const fresh = { ...newTokenValues(now), name: " Production " };

test("a number of machines makes the use limit, with what is to spare", () => {
  const values = { ...fresh, machines: "number" as const, expected: 30, spare: 3 };
  expect(toRequest(values).maxEnrollments).toBe(33);
  expect(toRequest({ ...values, machines: "one" }).maxEnrollments).toBe(1);
  expect(toRequest({ ...values, machines: "unlimited" }).maxEnrollments).toBeNull();
  expect(usesError({ ...values, expected: "" })).not.toBeNull();
  expect(usesError({ ...values, expected: 1_000_001 })).not.toBeNull();
});

test("only what was changed is sent", () => {
  expect(changesBetween(fresh, { ...fresh })).toEqual({});
  expect(changesBetween(fresh, { ...fresh, name: "Production", tags: ["pci"] })).toEqual({ tags: ["pci"] });
  expect(changesBetween(fresh, { ...fresh, expiry: "none" })).toEqual({ expiresAt: null });
});

test("the rules for clones and reinstalled hosts are the careful ones unless chosen, and go to the server", () => {
  expect(toRequest(fresh)).toMatchObject({ clonedHosts: "approval", reimagedHosts: "ask" });
  expect(toRequest({ ...fresh, reimagedHosts: "merge" }).reimagedHosts).toBe("merge");
  expect(changesBetween(fresh, { ...fresh, reimagedHosts: "keep" })).toEqual({ reimagedHosts: "keep" });
});

test("what a refusal offers is put into the form once, and nonsense is not", () => {
  const limited = {
    ...fresh,
    machines: "number" as const,
    expected: 30,
    spare: 0,
    allowedNetworks: ["10.1.0.0/16"],
    expiresAt: "2026-11-20 10:00:00",
  };
  const proposal = { addNetwork: "10.2.3.4", moreUses: "10", extendDays: "7" };
  const { values, words } = withProposal(limited, proposal, now);
  expect(values).toMatchObject({ expected: 40, allowedNetworks: ["10.1.0.0/16", "10.2.3.4"] });
  expect(values.expiresAt).toBe("2026-12-01 12:30:00");
  expect(words).toEqual(["allow 10.2.3.4", "10 more uses", "7 more days"]);
  expect(withProposal(values, { addNetwork: "10.2.3.4" }, now).words).toEqual([]);
  expect(readProposal({ moreUses: "-1", extendDays: "x", addNetwork: "10.2.3.4", other: "1" })).toEqual({
    addNetwork: "10.2.3.4",
  });
});
