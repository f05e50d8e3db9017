// The oracles are `lsmod`, `df` and `findmnt`.
import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { compareReleases, readKernels } from "./kernels.ts";
import { upToTen } from "./mounts.ts";
import { collectSystem } from "./system.ts";

test.each([
  ["6.1.0-28-amd64", "6.1.0-9-amd64"],
  ["6.10.1-arch1-1", "6.9.10-arch1-1"],
  ["5.14.0-503.15.1.el9_5.x86_64", "5.14.0-503.el9.x86_64"],
  ["5.14.0-503.el9.x86_64", "5.14.0-427.42.1.el9_4.x86_64"],
  ["6.8.0-49-generic", "6.8.0-48-generic"],
  ["6.11.8-300.fc41.x86_64", "6.11.8-200.fc40.x86_64"],
  ["6.6.58-0-lts", "6.6.57-1-lts"],
])("%s is newer than %s", (newer, older) => {
  expect(compareReleases(newer, older)).toBeGreaterThan(0);
  expect(compareReleases(older, newer)).toBeLessThan(0);
  expect(compareReleases(newer, newer)).toBe(0);
});

const host = (running: string, ...files: string[]) =>
  makeRoot(
    [...files.flatMap((path) => [`-- ${path}`, ""]), "-- /proc/sys/kernel/osrelease", running, ""].join("\n"),
  );

test.each([
  [
    "a newer kernel",
    "6.1.0-27-amd64",
    ["/boot/vmlinuz-6.1.0-27-amd64", "/boot/vmlinuz-6.1.0-28-amd64"],
    ["kernel 6.1.0-28-amd64 is installed"],
  ],
  [
    "the newest kernel",
    "6.1.0-28-amd64",
    ["/boot/vmlinuz-6.1.0-27-amd64", "/boot/vmlinuz-6.1.0-28-amd64"],
    undefined,
  ],
  [
    "a newer kernel of another flavor",
    "6.1.0-27-amd64",
    ["/boot/vmlinuz-6.1.0-27-amd64", "/boot/vmlinuz-6.1.0-28-rt-amd64"],
    undefined,
  ],
  [
    "a rescue kernel",
    "5.14.0-427.el9.x86_64",
    ["/boot/vmlinuz-5.14.0-427.el9.x86_64", "/boot/vmlinuz-0-rescue-0a1b"],
    undefined,
  ],
  [
    "a newer minor release",
    "5.14.0-427.42.1.el9_4.x86_64",
    ["/boot/vmlinuz-5.14.0-427.42.1.el9_4.x86_64", "/boot/vmlinuz-5.14.0-503.el9_5.x86_64"],
    ["kernel 5.14.0-503.el9_5.x86_64 is installed"],
  ],
  [
    "a removed kernel of Arch",
    "6.11.1-arch1-1",
    ["/usr/lib/modules/6.11.2-arch1-1/vmlinuz"],
    ["kernel 6.11.2-arch1-1 is installed"],
  ],
  [
    "left modules",
    "6.1.0-27-amd64",
    ["/boot/vmlinuz-6.1.0-27-amd64", "/lib/modules/6.1.0-99-amd64/modules.dep"],
    undefined,
  ],
  ["an update", "6.1.0-27-amd64", ["/run/reboot-required"], ["an update requests it"]],
])("%s", (_name, running, files, reasons) => {
  using root = host(running, ...files);
  const reboot = readKernels(openHostFiles(root.root)).find(({ kind }) => kind === "reboot");
  expect(reboot).toEqual(reasons && { key: "reboot", kind: "reboot", required: true, reasons });
});

test("the packages that request a restart are named", () => {
  using root = makeRoot(
    "-- /run/reboot-required\n*** restart ***\n-- /run/reboot-required.pkgs\nlibc6\nlinux-base\nlibc6\n",
  );
  expect(readKernels(openHostFiles(root.root))).toMatchObject([{ reasons: ["updated: libc6, linux-base"] }]);
});

test.each([
  [0, 100, 0],
  [1, 100, 10],
  [40, 100, 40],
  [41, 100, 50],
  [100, 100, 100],
  [0, 0, undefined],
])("%p of %p is up to %p percent", (used, total, percent) => {
  expect(upToTen(used, total)).toBe(percent);
});

const items = process.platform === "linux" ? collectSystem(openHostFiles()) : [];
const lsmod = Bun.which("lsmod");

test.skipIf(!lsmod)(`loaded modules match lsmod${lsmod ? "" : " (skipped: no lsmod)"}`, () => {
  const [, ...lines] = Bun.spawnSync(["lsmod"]).stdout.toString().trim().split("\n");
  const found = items.find(({ kind }) => kind === "kernel-modules");
  expect(found?.kind === "kernel-modules" ? found.names : []).toEqual(
    lines.map((line) => line.split(" ", 1)[0]!).sort(),
  );
});

const findmnt = Bun.which("findmnt");

test.skipIf(!findmnt)(
  `restrictions and usage match findmnt and df${findmnt ? "" : " (skipped: no findmnt)"}`,
  () => {
    const mounts = items.flatMap((item) => (item.kind === "mount" ? item : []));
    expect(mounts.length).toBeGreaterThan(0);
    for (const { path, options, usedPercent } of mounts) {
      const text = Bun.spawnSync(["findmnt", "-n", "-o", "OPTIONS", "--mountpoint", path])
        .stdout.toString()
        .trim();
      const all = text.split("\n").at(-1)?.split(",") ?? [];
      expect([path, options]).toEqual([
        path,
        ["ro", "nodev", "nosuid", "noexec", "nosymfollow"].filter((option) => all.includes(option)),
      ]);
      if (usedPercent === undefined) continue;
      const percent = Number(
        /(\d+)%/.exec(Bun.spawnSync(["df", "--output=pcent", path]).stdout.toString())?.[1],
      );
      // df rounds up to a percent, and the disk may fill meanwhile.
      expect(Math.abs(usedPercent - Math.ceil(percent / 10) * 10)).toBeLessThanOrEqual(10);
    }
  },
);
