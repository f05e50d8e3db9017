// The oracles are `dmidecode` on tables of ours, and `lspci` on this machine.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { collectHardware } from "./hardware.ts";
import { parseReleaseDate } from "./mainboard.ts";
import { namesOf } from "./pci.ts";
import { parseProcessors } from "./processors.ts";
import { parseSmbios } from "./smbios.ts";
import { parseMdstat, volumeName } from "./volumes.ts";

/** A structure with the bytes after its header, and its texts. */
function structure(type: number, bytes: number[], texts: string[]): Buffer {
  const ends = texts.length > 0 ? `${texts.join("\0")}\0\0` : "\0\0";
  return Buffer.concat([
    Buffer.from([type, bytes.length + 4, type, 0, ...bytes]),
    Buffer.from(ends, "latin1"),
  ]);
}

const word = (value: number) => [value & 255, value >> 8];
function memoryDevice(size: number[], extended: number[], texts: string[]): Buffer {
  const [slot, bank, vendor, serial, tag, part] = [1, 2, 3, 4, 5, 6].map((n) => (n <= texts.length ? n : 0));
  return structure(
    17,
    [
      ...[0, 0x10, 0xfe, 0xff, ...word(64), ...word(64), ...size, 9, 0, slot!, bank!, 26, ...word(0x80)],
      ...[
        ...word(3200),
        vendor!,
        serial!,
        tag!,
        part!,
        1,
        ...extended,
        ...word(2933),
        ...word(1200),
        ...word(1200),
        ...word(1200),
      ],
    ],
    texts,
  );
}

const TABLE = Buffer.concat([
  structure(0, [1, 2, 0, 0xe0, 3, 0xff, 0, 0, 0, 0, 0, 0, 0, 0], ["Contoso Firmware", "7.7", "07/31/2025"]),
  structure(2, [1, 2, 3, 4, 5], ["Contoso", "Plank", "A01", "BOARD-7", "To be filled by O.E.M."]),
  structure(3, [1, 0x97, 2, 3, 4, 3, 3, 3, 2], ["Contoso", "1", "CHASSIS-7", "ASSET-7"]),
  memoryDevice(word(16384), [0, 0, 0, 0], ["DIMM_A1", "BANK 0", "Samsung", "A7C3F019", "tag", "M393A2K43"]),
  memoryDevice(word(0x7fff), [0, 0, 1, 0], ["DIMM_A2", "BANK 0", "Micron", "B8D4E12A", "tag", "36ASF8G72"]),
  memoryDevice(word(0), [0, 0, 0, 0], ["DIMM_B1", "BANK 1", "NO DIMM", "NO DIMM", "tag", "NO DIMM"]),
  structure(127, [], []),
]);

function rootWithTable(table: Uint8Array, ...lines: string[]) {
  const host = makeRoot([...lines, "-- /sys/class/dmi/id/", ""].join("\n"));
  mkdirSync(join(host.root, "sys/firmware/dmi/tables"), { recursive: true });
  writeFileSync(join(host.root, "sys/firmware/dmi/tables/DMI"), table);
  return host;
}

const partsIn = (root: string) =>
  JSON.parse(JSON.stringify(collectHardware(openHostFiles(root)))) as Record<string, unknown>[];

test("reads board, chassis and memory modules, without what the manufacturer has not filled in", () => {
  using host = rootWithTable(TABLE);
  expect(partsIn(host.root)).toEqual([
    {
      ...{ key: "firmware", kind: "firmware", vendor: "Contoso Firmware", version: "7.7" },
      releasedOn: "2025-07-31",
    },
    {
      key: "board",
      kind: "board",
      vendor: "Contoso",
      model: "Plank",
      version: "A01",
      serialNumber: "BOARD-7",
    },
    {
      key: "chassis",
      kind: "chassis",
      type: "Rack mount",
      vendor: "Contoso",
      version: "1",
      serialNumber: "CHASSIS-7",
      assetTag: "ASSET-7",
    },
    {
      ...{
        key: "memory-module:DIMM_A1",
        kind: "memory-module",
        name: "DIMM_A1",
        bank: "BANK 0",
        state: "installed",
      },
      ...{ sizeBytes: 16 * 1024 ** 3, type: "DDR4", formFactor: "DIMM", speedMtps: 2933, vendor: "Samsung" },
      ...{ partNumber: "M393A2K43", serialNumber: "A7C3F019" },
    },
    expect.objectContaining({ name: "DIMM_A2", sizeBytes: 64 * 1024 ** 3 }),
    { key: "memory-module:DIMM_B1", kind: "memory-module", name: "DIMM_B1", bank: "BANK 1", state: "empty" },
  ]);
});

test("a table that is cut at any byte, or is not one, has only whole structures", () => {
  const whole = parseSmbios(TABLE).map(({ type }) => type);
  expect(whole).toEqual([0, 2, 3, 17, 17, 17, 127]);
  for (let end = 0; end <= TABLE.length; end += 1) {
    const types = parseSmbios(TABLE.subarray(0, end)).map(({ type }) => type);
    expect(types).toEqual(whole.slice(0, types.length));
  }
  using host = rootWithTable(TABLE.subarray(0, 200));
  expect(partsIn(host.root).length).toBeGreaterThanOrEqual(3);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
      for (const { type, textAt, dwordAt } of parseSmbios(noise)) {
        expect(type).toBeLessThan(256);
        textAt(4);
        dwordAt(28);
      }
    }),
  );
});

const dmidecode = Bun.which("dmidecode");

test.skipIf(!dmidecode)(
  `the same table reads alike with dmidecode${dmidecode ? "" : " (skipped: no dmidecode)"}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "attacklens-dmi-"));
    try {
      const entry = Buffer.alloc(32);
      entry.write("_SM3_", 0, "latin1");
      entry.set([0, 24, 3, 2, 0, 1, 0], 5);
      entry.writeUInt32LE(TABLE.length, 12);
      entry.writeUInt32LE(32, 16);
      entry[5] = (256 - (entry.subarray(0, 24).reduce((sum, byte) => sum + byte, 0) % 256)) % 256;
      writeFileSync(join(folder, "dump"), Buffer.concat([entry, TABLE]));
      const text = Bun.spawnSync([
        "dmidecode",
        "--from-dump",
        join(folder, "dump"),
        "-t",
        "17",
      ]).stdout.toString();
      const field = (name: string) =>
        [...text.matchAll(new RegExp(`^\\t${name}: (.*)$`, "gm"))].map(([, value]) => value!);
      using host = rootWithTable(TABLE);
      const modules = partsIn(host.root).filter(({ kind }) => kind === "memory-module");
      expect(modules.map(({ name }) => name)).toEqual(field("Locator"));
      expect(
        modules.map(({ sizeBytes }) =>
          sizeBytes ? `${Number(sizeBytes) / 1024 ** 3} GB` : "No Module Installed",
        ),
      ).toEqual(field("Size"));
      expect(field("Configured (?:Memory|Clock) Speed").slice(0, 2)).toEqual(
        modules.slice(0, 2).map(({ speedMtps }) => `${speedMtps} MT/s`),
      );
      expect(field("Type")[0]).toBe(modules[0]?.type as string);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.each([
  ["04/01/2014", "2014-04-01"],
  ["12/31/98", "1998-12-31"],
  ["31.12.2014", undefined],
  ["13/45/2014", undefined],
  [undefined, undefined],
])("the release date %p is %p", (text, date) => {
  expect(parseReleaseDate(text)).toBe(date);
});

test("reads one processor for each socket, with the flags of the list", () => {
  const cpu = (number: number, socket: number) =>
    `processor\t: ${number}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Xeon\nstepping\t: 8\nmicrocode\t: 0x2b000603\nphysical id\t: ${socket}\nflags\t\t: fpu nx aes vmx vme\n`;
  const text = [cpu(0, 0), cpu(1, 0), cpu(2, 1)].join("\n");
  expect(JSON.parse(JSON.stringify(parseProcessors(text)))).toEqual(
    ["CPU0", "CPU1"].map((name) => ({
      ...{ key: `processor:${name}`, kind: "processor", name, vendor: "GenuineIntel", model: "Xeon" },
      ...{ family: 6, modelNumber: 143, stepping: 8, microcode: "0x2b000603", flags: ["aes", "nx", "vmx"] },
    })),
  );
});

test("reads arrays, also degraded and inactive ones", () => {
  const text = `Personalities : [raid1] [raid6]
md1 : active raid1 sdb1[1](F) sda1[0]
      104320 blocks super 1.2 [2/1] [U_]
      bitmap: 0/1 pages [0KB], 65536KB chunk
md2 : active (auto-read-only) raid5 sdc1[2] sdb2[1] sda2[0]
      2048 blocks level 5, 64k chunk, algorithm 2 [3/3] [UUU]
md127 : inactive sdd1[0](S)
      1048 blocks super 1.2
unused devices: <none>
`;
  const facts = parseMdstat(text).map(({ name, level, state, deviceCount, workingCount, devices }) => [
    ...[name, level, state, deviceCount, workingCount],
    devices?.join(),
  ]);
  expect(facts).toEqual([
    ["md1", "raid1", "active", 2, 1, "sda1,sdb1"],
    ["md2", "raid5", "active", 3, 3, "sda2,sdb2,sdc1"],
    ["md127", undefined, "inactive", undefined, undefined, "sdd1"],
  ]);
});

test("the name of a mapped volume is group and volume", () => {
  expect([volumeName("vg0-root"), volumeName("my--vg-my--lv")]).toEqual(["vg0/root", "my-vg/my-lv"]);
});

test("reads disks, with serial numbers from udev, and devices on PCI and USB, and batteries", () => {
  using host = makeRoot(
    [
      "-- /sys/block/sda -> ../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda",
      ...[
        "sda/size",
        "1953525168",
        "sda/dev",
        "8:0",
        "sda/device/vendor",
        "ATA",
        "sda/device/model",
        "WDC WD10",
      ].map((line, index) =>
        index % 2 === 0
          ? `-- /sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/${line}`
          : line,
      ),
      ...["-- /run/udev/data/b8:0", "E:ID_SERIAL_SHORT=WD-WCC6Y7", "E:ID_REVISION=01.01A01", "E:OTHER=x"],
      ...["-- /sys/block/mmcblk0boot0/size", "8192", "-- /sys/block/loop0/size", "8192"],
      ...[
        "-- /sys/block/dm-0/dm/name",
        "vg0-home",
        "-- /sys/block/dm-0/dm/uuid",
        "LVM-abc",
        "-- /sys/block/dm-0/size",
        "2048",
      ],
      ...[
        "-- /sys/bus/pci/devices/0000:00:1f.2/vendor",
        "0x8086",
        "-- /sys/bus/pci/devices/0000:00:1f.2/device",
        "0x2922",
      ],
      ...["-- /sys/bus/pci/devices/0000:00:1f.2/class", "0x010601"],
      "-- /sys/bus/pci/devices/0000:00:1f.2/driver -> ../../bus/pci/drivers/ahci",
      ...[
        "-- /sys/bus/pci/devices/0000:03:10.0/vendor",
        "0x8086",
        "-- /sys/bus/pci/devices/0000:03:10.0/device",
        "0x1520",
      ],
      "-- /sys/bus/pci/devices/0000:03:10.0/physfn/vendor",
      ...[
        "0x8086",
        "-- /usr/share/misc/pci.ids",
        "# list",
        "8086  Intel Corporation",
        "\t2922  82801IR SATA",
        "C 01  x",
      ],
      ...["-- /sys/bus/usb/devices/1-2/idVendor", "0781", "-- /sys/bus/usb/devices/1-2/idProduct", "5567"],
      ...["-- /sys/bus/usb/devices/1-2/product", "Cruzer", "-- /sys/bus/usb/devices/1-2/bDeviceClass", "00"],
      ...[
        "-- /sys/bus/usb/devices/1-2/1-2:1.0/bInterfaceClass",
        "08",
        "-- /sys/bus/usb/devices/usb1/idVendor",
        "1d6b",
      ],
      ...[
        "-- /sys/class/power_supply/BAT0/type",
        "Battery",
        "-- /sys/class/power_supply/BAT0/energy_full",
        "45000000",
      ],
      ...[
        "-- /sys/class/power_supply/BAT0/energy_full_design",
        "50000000",
        "-- /sys/class/power_supply/AC/type",
        "Mains",
      ],
      ...[
        "-- /sys/class/power_supply/mouse/type",
        "Battery",
        "-- /sys/class/power_supply/mouse/scope",
        "Device",
        "",
      ],
    ].join("\n"),
  );
  const firmware = expect.objectContaining({ kind: "firmware" });
  expect(partsIn(host.root).filter((part) => !Bun.deepEquals(part, firmware))).toEqual([
    {
      ...{ key: "disk:sda", kind: "disk", name: "sda", sizeBytes: 1953525168 * 512, model: "WDC WD10" },
      ...{ serialNumber: "WD-WCC6Y7", firmware: "01.01A01", bus: "sata" },
    },
    { key: "volume:vg0/home", kind: "volume", name: "vg0/home", sizeBytes: 1048576 },
    {
      ...{
        key: "pci:0000:00:1f.2",
        kind: "pci",
        address: "0000:00:1f.2",
        class: "SATA controller",
        driver: "ahci",
      },
      ...{ vendorId: "8086", deviceId: "2922", vendor: "Intel Corporation", name: "82801IR SATA" },
    },
    {
      ...{ key: "usb:1-2", kind: "usb", address: "1-2", class: "Mass storage", vendorId: "0781" },
      ...{ deviceId: "5567", name: "Cruzer" },
    },
    { key: "battery:BAT0", kind: "battery", name: "BAT0", designMwh: 50000, healthPercent: 90 },
  ]);
});

test.each([
  ["8086", "2922", { vendor: "Intel", name: "SATA" }],
  ["8086", "ffff", { vendor: "Intel" }],
  ["0001", "0001", { vendor: "First", name: "One" }],
  ["dead", "beef", {}],
])("the names of %s:%s are %j", (vendor, device, names) => {
  const list =
    "0001  First\n\t0001  One\n8086  Intel\n\t2922  SATA\n\t\t8086 2922  Sub\n# x\n9999  Last\n\tffff  No";
  expect(namesOf(Buffer.from(list), vendor, device)).toEqual(names);
});

const lspci = Bun.which("lspci");

test.skipIf(!lspci)(`PCI devices match lspci${lspci ? "" : " (skipped: no lspci)"}`, () => {
  const lines = Bun.spawnSync(["lspci", "-Dn"]).stdout.toString().trim().split("\n").filter(Boolean);
  const expected = lines.map((line) => line.split(" ")).map(([address, , ids]) => `${address} ${ids}`);
  const found = collectHardware(openHostFiles()).flatMap((part) =>
    part.kind === "pci" ? `${part.address} ${part.vendorId}:${part.deviceId}` : [],
  );
  expect(found).toEqual(expected);
});
