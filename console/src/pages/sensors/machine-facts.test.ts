import { expect, test } from "bun:test";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { machineFacts } from "./machine-facts.ts";

const now = new Date("2026-11-26T12:00:00Z");
const mount = (path: string, encrypted?: boolean): Item<"system"> => ({
  key: `mount:${path}`,
  kind: "mount",
  path,
  device: "/dev/sda1",
  fileSystem: "ext4",
  ...(encrypted === undefined ? {} : { encrypted }),
});
const of = (system: Item<"system">[], network: Item<"network">[] = [], security: Item<"security">[] = []) =>
  Object.fromEntries(
    machineFacts({ system, network, security }, now).map(({ label, value }) => [label, value]),
  );

test("says what the machine is, and what was not reported", () => {
  expect(new Set(Object.values(of([])))).toEqual(new Set(["Not reported by this host"]));
  const facts = of([
    { key: "host", kind: "host", hostname: "web-01", bootedAt: "2026-11-16T11:00:00Z" },
    { key: "cpu", kind: "cpu", model: "EPYC 7B13", architecture: "amd64", logicalCount: 1 },
    { key: "memory", kind: "memory", totalBytes: 8 * 1024 ** 3, swapBytes: 0 },
    { key: "identifiers", kind: "identifiers", vendor: "Dell Inc.", model: "PowerEdge R650" },
    { key: "virtualization", kind: "virtualization", type: "none" },
  ]);
  expect(facts).toMatchObject({
    Model: "Dell Inc. PowerEdge R650",
    Virtualization: "None: a physical machine",
    Processor: "EPYC 7B13 · 1 logical processor",
    Memory: "8 GiB",
  });
  expect(facts["Up since"]).toContain("(10 days)");
});

test("says which disks are encrypted, or what the system reports about its encryption", () => {
  expect(of([mount("/", true), mount("/home", true), mount("/proc")])["Disk encryption"]).toBe("Encrypted");
  expect(of([mount("/", false)])["Disk encryption"]).toBe("Not encrypted");
  expect(of([mount("/", true), mount("/boot", false)])["Disk encryption"]).toBe(
    "Encrypted: /. Not encrypted: /boot",
  );
  const fileVault = { key: "encryption/FileVault", area: "encryption", name: "FileVault", value: "on" };
  expect(of([], [], [{ ...fileVault, source: "fdesetup" } as Item<"security">])["Disk encryption"]).toBe(
    "FileVault: on",
  );
});
