import { expect, test } from "bun:test";
import { hardwareItem } from "@attacklens/protocol/inventory/hardware.ts";
import fc from "fast-check";
import { parseSmbios } from "../hardware/smbios.ts";
import { processorCounts, smbiosParts, systemUuid } from "./firmware-parts.ts";

/** A structure as the firmware writes it. `fields`: offset and bytes. */
function structure(type: number, length: number, fields: [number, number[]][], texts: string[] = []): Buffer {
  const fixed = Buffer.alloc(length);
  fixed[0] = type;
  fixed[1] = length;
  for (const [offset, bytes] of fields) Buffer.from(bytes).copy(fixed, offset);
  const strings = texts.length === 0 ? "\0\0" : `${texts.join("\0")}\0\0`;
  return Buffer.concat([fixed, Buffer.from(strings, "latin1")]);
}

const TABLES = Buffer.concat([
  structure(
    0,
    0x18,
    [
      [4, [1, 2]],
      [8, [3]],
    ],
    ["Dell Inc.", "1.9.1", "10/03/2023"],
  ),
  structure(
    1,
    0x1b,
    [
      [4, [1, 2, 0, 3]],
      [8, [0x44, 0x45, 0x4c, 0x4c, 0x42, 0, 0x10, 0x35, 0x80, 0x54, 0xb4, 0xc0, 0x4f, 0x4e, 0x4d, 0x32]],
    ],
    ["Dell Inc.", "PowerEdge R650", "B5NM2"],
  ),
  structure(2, 0x0f, [[4, [1, 2, 3, 4]]], ["Dell Inc.", "0ABC12", "A05", "To Be Filled By O.E.M."]),
  structure(3, 0x16, [[4, [1, 0x97, 0, 2]]], ["Dell Inc.", "CH4551S"]),
  structure(
    4,
    0x30,
    [
      [4, [1, 3, 0, 2]],
      [0x10, [3]],
      [0x14, [0x10, 0x0e]],
      [0x18, [0x41]],
      [0x23, [16]],
    ],
    ["CPU1", "Intel", "Intel(R)  Xeon(R) Gold 6326"],
  ),
  structure(
    4,
    0x30,
    [
      [4, [1]],
      [0x18, [0]],
    ],
    ["CPU2"],
  ),
  structure(
    17,
    0x28,
    [
      [0xc, [0xff, 0x7f]],
      [0xe, [9]],
      [0x10, [1, 2]],
      [0x12, [26]],
      [0x15, [0x80, 0x0c]],
      [0x17, [3, 4, 0, 5]],
      [0x1c, [0, 0, 1, 0]],
    ],
    ["A1", "Bank 0", "Samsung", "40D2F1A7", "M393A8G40BB4-CWE"],
  ),
  structure(17, 0x28, [[0x10, [1]]], ["A2"]),
  structure(127, 4, []),
  structure(1, 8, [], ["behind the end"]),
]);

test("describes the machine as its firmware does", () => {
  const parts = smbiosParts(parseSmbios(TABLES)).map((part) => hardwareItem.parse(part));
  expect(parts).toEqual([
    { key: "firmware", kind: "firmware", vendor: "Dell Inc.", version: "1.9.1", releasedOn: "2023-10-03" },
    { key: "board", kind: "board", vendor: "Dell Inc.", model: "0ABC12", version: "A05" },
    {
      key: "chassis",
      kind: "chassis",
      type: "Rack mount",
      vendor: "Dell Inc.",
      serialNumber: "CH4551S",
    },
    {
      key: "processor:0:CPU1",
      kind: "processor",
      name: "CPU1",
      vendor: "Intel",
      model: "Intel(R) Xeon(R) Gold 6326",
      maximumMhz: 3_600,
    },
    {
      key: "memory-module:A1",
      kind: "memory-module",
      name: "A1",
      bank: "Bank 0",
      state: "installed",
      sizeBytes: 64 * 1024 ** 3,
      type: "DDR4",
      formFactor: "DIMM",
      speedMtps: 3_200,
      vendor: "Samsung",
      serialNumber: "40D2F1A7",
      partNumber: "M393A8G40BB4-CWE",
    },
    { key: "memory-module:A2", kind: "memory-module", name: "A2", state: "empty" },
  ]);
});

test("reads the UUID and the processors", () => {
  const structures = parseSmbios(TABLES);
  expect(systemUuid(structures)).toBe("4c4c4544-0042-3510-8054-b4c04f4e4d32");
  expect(processorCounts(structures)).toEqual({ socketCount: 1, physicalCount: 16 });
  expect(processorCounts([])).toEqual({});
  expect(systemUuid([])).toBeUndefined();
});

test("reads damaged tables up to the damage", () => {
  for (let length = 0; length < TABLES.length; length += 1)
    smbiosParts(parseSmbios(TABLES.subarray(0, length)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const structures = parseSmbios(Buffer.from(bytes));
      smbiosParts(structures);
      systemUuid(structures);
    }),
  );
});
