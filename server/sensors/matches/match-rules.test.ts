import { expect, test } from "bun:test";
import fc from "fast-check";
import type { InstanceHost } from "../clones/clone-rules.ts";
import { compareHardware, hardwareOf } from "./match-rules.ts";

const DB: InstanceHost = {
  hostname: "db-07",
  machineId: "4c2b1d0e9f8a4b6c8d7e6f5a4b3c2d1e",
  productUuid: "4c4c4544-0042-3510-8052-b4c04f333432",
  serialNumber: "B5R3342",
  macs: ["d0:94:66:12:34:56", "d0:94:66:12:34:57"],
  osName: "Debian GNU/Linux",
  osVersion: "11",
};
const REIMAGED: InstanceHost = { ...DB, hostname: "localhost", machineId: "b".repeat(32), osVersion: "12" };
const nothingShared = () => false;
const compare = (
  before: InstanceHost,
  now: InstanceHost,
  isShared: Parameters<typeof compareHardware>[2] = nothingShared,
) => compareHardware(before, now, isShared);
const verdict = (...hosts: Parameters<typeof compare>) => {
  const { looksAlike, isCertain } = compare(...hosts);
  return { looksAlike, isCertain };
};
const NO = { looksAlike: false, isCertain: false };

test("the same hardware with a new operating system is a certain match, and shows the facts that differ", () => {
  const { facts, ...told } = compare(DB, REIMAGED);
  expect(told).toEqual({ looksAlike: true, isCertain: true });
  expect(facts.map(({ kind, agrees, evidence }) => [kind, agrees, evidence])).toEqual([
    ["product-uuid", true, "for"],
    ["serial-number", true, "for"],
    ["mac-address", true, "for"],
    ["machine-id", false, "not-hardware"],
    ["hostname", false, "not-hardware"],
    ["operating-system", false, "not-hardware"],
  ]);
  expect(facts.at(-1)).toMatchObject({ before: "Debian GNU/Linux 11", now: "Debian GNU/Linux 12" });
});

test("a hostname and a machine id are no evidence, even without other facts", () => {
  const named = { hostname: "db-07", machineId: "a".repeat(32), osName: "Debian", osVersion: "12" };
  expect(verdict(named, named)).toEqual(NO);
});

test("one hardware fact alone is not enough", () => {
  for (const one of [
    { productUuid: DB.productUuid },
    { serialNumber: DB.serialNumber },
    { cloudInstanceId: "i-0abc1234" },
    { macs: DB.macs },
  ] as InstanceHost[])
    expect(verdict({ ...one, hostname: "db-07" }, { ...one, hostname: "db-07" })).toEqual(NO);
});

test("hardware with an exchanged part is a match, but not a certain one", () => {
  const newCard = { ...REIMAGED, macs: ["d0:94:66:99:99:99"] };
  expect(verdict(DB, newCard)).toEqual({ looksAlike: true, isCertain: false });
  // One equal network card of several is enough.
  expect(verdict(DB, { ...REIMAGED, macs: ["d0:94:66:12:34:57", "d0:94:66:99:99:99"] }).isCertain).toBe(true);
});

test("placeholder values of firmware are no evidence", () => {
  for (const serialNumber of [
    "To be filled by O.E.M.",
    "Default string",
    "0",
    "00000000",
    "None",
    "  ",
    "XXXXXXX",
  ]) {
    const one = { serialNumber, macs: DB.macs };
    expect(verdict(one, one)).toEqual(NO);
  }
  for (const productUuid of [
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "03000200-0400-0500-0006-000700080009",
  ]) {
    const one = { productUuid, macs: DB.macs };
    expect(verdict(one, one)).toEqual(NO);
  }
  const [filled, empty] = [{ ...DB }, { ...REIMAGED, serialNumber: "None", productUuid: undefined }];
  expect(
    compare(filled, empty as InstanceHost)
      .facts.slice(0, 2)
      .map(({ evidence }) => evidence),
  ).toEqual(["not-told", "placeholder"]);
  const docker = { productUuid: DB.productUuid, macs: ["02:42:ac:11:00:02"] };
  expect(verdict(docker, docker)).toEqual(NO);
});

test("a value that another live host also reports is no evidence", () => {
  const isShared = (kind: string) => kind === "product-uuid" || kind === "serial-number";
  expect(verdict(DB, REIMAGED, isShared)).toEqual(NO);
  expect(compare(DB, REIMAGED, isShared).facts[0]).toMatchObject({ agrees: true, evidence: "shared" });
});

test("a serial number that is the UUID in another notation counts as the same fact", () => {
  const vmware = {
    productUuid: "564d7ca1-2b3c-4d5e-6f70-8192a3b4c5d6",
    serialNumber: "VMware-56 4d 7c a1 2b 3c 4d 5e-6f 70 81 92 a3 b4 c5 d6",
  };
  expect(verdict(vmware, vmware)).toEqual(NO);
  const swapped = { ...vmware, serialNumber: "a17c4d56-3c2b-5e4d-6f70-8192a3b4c5d6" };
  expect(verdict(swapped, swapped)).toEqual(NO);
  const { facts, looksAlike } = compare({ ...vmware, macs: DB.macs! }, { ...vmware, macs: DB.macs! });
  expect(looksAlike).toBe(true);
  expect(facts.map(({ evidence }) => evidence)).toEqual(["for", "same-as-uuid", "for"]);
});

test("a comparison ignores letter case and is symmetric", () => {
  const shouted = { ...REIMAGED, productUuid: DB.productUuid!.toUpperCase(), serialNumber: "b5r3342" };
  expect(verdict(DB, shouted).isCertain).toBe(true);
  const text = fc.option(fc.constantFrom("abcd1", "EFGH2", "none", "ijkl3"), { nil: undefined });
  const host = fc.record({
    productUuid: text,
    serialNumber: text,
    cloudInstanceId: text,
    macs: fc.array(fc.constantFrom("d0:94:66:00:00:01", "02:42:ac:00:00:01", "d0:94:66:00:00:02"), {
      maxLength: 3,
    }),
  }) as fc.Arbitrary<InstanceHost>;
  fc.assert(
    fc.property(host, host, (left, right) => {
      expect(verdict(left, right)).toEqual(verdict(right, left));
      const [one, other] = [hardwareOf(left), hardwareOf(right)];
      const agreeing = Object.keys(one).filter((kind) =>
        one[kind as keyof typeof one].some((value) => other[kind as keyof typeof one].includes(value)),
      );
      if (verdict(left, right).looksAlike) expect(agreeing.length).toBeGreaterThanOrEqual(2);
    }),
  );
});

test("two hosts with placeholders in their firmware never match", () => {
  const box = (mac: string): InstanceHost => ({
    hostname: "box",
    productUuid: "01010101-0101-0101-0101-010101010101",
    serialNumber: "SystemSerialNumb",
    macs: [mac],
  });
  expect(verdict(box("d0:94:66:00:00:01"), box("d0:94:66:00:00:02"))).toEqual(NO);
  expect(verdict(box("d0:94:66:00:00:01"), box("d0:94:66:00:00:01"))).toEqual(NO);
});
