import { expect, test } from "bun:test";
import { systemRows } from "./system-rows.ts";

test("each field of an item becomes a row with a readable name and value", () => {
  const rows = systemRows([
    { key: "memory", kind: "memory", totalBytes: 16_711_680_000, swapBytes: 0 },
    {
      key: "mount:/home",
      kind: "mount",
      path: "/home",
      device: "/dev/sda2",
      fileSystem: "ext4",
      usedPercent: 40,
      options: ["nodev", "nosuid"],
      encrypted: true,
    },
  ]);
  expect(rows.map(({ part, name, value }) => [part, name, value])).toEqual([
    ["Memory", "Total", "15.6 GiB"],
    ["Memory", "Swap", "0 bytes"],
    ["Mount /home", "Path", "/home"],
    ["Mount /home", "Device", "/dev/sda2"],
    ["Mount /home", "File system", "ext4"],
    ["Mount /home", "Used", "Up to 40%"],
    ["Mount /home", "Options", "nodev, nosuid"],
    ["Mount /home", "Encrypted", "Yes"],
  ]);
});

test("an absent field has no row", () => {
  expect(
    systemRows([{ key: "identifiers", kind: "identifiers", machineId: "5d2f" }]).map((row) => row.name),
  ).toEqual(["Machine ID"]);
});
