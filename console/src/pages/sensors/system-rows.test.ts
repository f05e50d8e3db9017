import { expect, test } from "bun:test";
import { systemRows } from "./system-rows.ts";

test("each field of an item becomes a row with a readable name and value", () => {
  const rows = systemRows([
    { key: "memory", kind: "memory", totalBytes: 16_711_680_000, swapBytes: 0 },
    {
      key: "network:eth0",
      kind: "network",
      name: "eth0",
      addresses: ["10.0.0.5/24", "fe80::1/64"],
      up: true,
    },
  ]);
  expect(rows.map(({ part, name, value }) => [part, name, value])).toEqual([
    ["Memory", "Total", "15.6 GiB"],
    ["Memory", "Swap", "0 bytes"],
    ["Network eth0", "Addresses", "10.0.0.5/24, fe80::1/64"],
    ["Network eth0", "Up", "Yes"],
  ]);
});

test("an absent field has no row", () => {
  expect(
    systemRows([{ key: "identifiers", kind: "identifiers", machineId: "5d2f" }]).map((row) => row.name),
  ).toEqual(["Machine ID"]);
});
