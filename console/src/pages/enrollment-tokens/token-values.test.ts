import { expect, test } from "bun:test";
import { DEFAULT_TOKEN_SETTINGS } from "@attacklens/protocol/token-settings.ts";
import {
  changesBetween,
  hasMoreOptions,
  newTokenValues,
  readProposal,
  toRequest,
  withProposal,
} from "./token-values.ts";

const now = new Date(2026, 10, 24, 12, 30);
const fresh = { ...newTokenValues(now), name: " Production " };

test("the use limit is the number of hosts plus the spare uses", () => {
  const values = { ...fresh, useLimit: "number" as const, expected: 30, spare: 3 };
  expect(toRequest(values).maxEnrollments).toBe(33);
  expect(toRequest({ ...values, useLimit: "one" }).maxEnrollments).toBe(1);
  expect(toRequest({ ...values, useLimit: "unlimited" }).maxEnrollments).toBeNull();
  expect(toRequest({ ...values, expected: "" }).maxEnrollments).toBeNaN();
});

test("sends only changed settings", () => {
  expect(changesBetween(fresh, { ...fresh })).toEqual({});
  expect(changesBetween(fresh, { ...fresh, name: "Production", tags: ["pci"] })).toEqual({ tags: ["pci"] });
  expect(changesBetween(fresh, { ...fresh, expiry: "none" })).toEqual({ expiresAt: null });
});

test("a new token has the default settings, and changed ones are sent", () => {
  expect(toRequest(fresh)).toMatchObject(DEFAULT_TOKEN_SETTINGS);
  expect(hasMoreOptions(fresh)).toBe(false);
  expect(hasMoreOptions({ ...fresh, description: "Racks 1 to 8" })).toBe(true);
  const chosen = { ...fresh, reimagedHosts: "merge" as const, ephemeralHours: "48" };
  expect(hasMoreOptions(chosen)).toBe(true);
  expect(toRequest(chosen)).toMatchObject({ reimagedHosts: "merge", ephemeralHours: 48 });
  expect(changesBetween(chosen, fresh)).toEqual({ reimagedHosts: "ask", ephemeralHours: null });
});

test("fills in the changes suggested by a refusal once, and ignores invalid ones", () => {
  const limited = {
    ...fresh,
    useLimit: "number" as const,
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
