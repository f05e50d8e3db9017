import { expect, test } from "bun:test";
import { join } from "node:path";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { LIMITS, type Limits } from "./budget.ts";
import { TooSlow } from "./collector.ts";
import { openHostFiles } from "./host-files.ts";

test("absolute links, links with .. and links to folders stay inside the root", () => {
  using host = makeRoot(`-- /etc/a -> /usr/a
-- /usr/a
inside
-- /b -> ../../../../usr/a
-- /lib -> usr
-- /circle -> circle
-- /proc/1/exe -> /usr/sbin/x (deleted)
`);
  const files = openHostFiles(host.root);
  expect(files.findLine("/etc/a")).toBe("inside");
  expect(files.findLine("/b")).toBe("inside");
  expect(files.findLine("/lib/a")).toBe("inside");
  expect(files.findLine("/../../lib/a")).toBe("inside");
  expect(files.findLine("/circle")).toBeUndefined();
  expect(files.findLink("/etc/a")).toBe("/usr/a");
  expect(files.findLink("/proc/1/exe")).toBe("/usr/sbin/x (deleted)");
});

test("rejects a file larger than the limit, with the reason", () => {
  using host = makeRoot(`-- /big\n${"x".repeat(50_000)}\n`);
  const files = openHostFiles(host.root);
  expect(files.readText("/big", 50_001)).toHaveLength(50_001);
  expect(() => files.readText("/big", 50_000)).toThrow("Cannot read /big: larger than 50000 bytes");
  expect(files.listGaps()).toEqual([]);
  expect(files.findText("/big", 10)).toBeUndefined();
  expect(files.listGaps()).toEqual([{ kind: "limit", subject: "/big", reason: "larger than 10 bytes" }]);
  expect(files.readText("/none")).toBeUndefined();
  expect(() => files.readText("/")).toThrow("it is a folder");
});

const MKFIFO = Bun.which("mkfifo");

test.skipIf(MKFIFO === null)("never blocks on what is no regular file, and notes it as a gap", () => {
  using host = makeRoot("-- /etc/a/b\nx\n-- /etc/circle -> circle\n-- /etc/zero -> /dev/zero\n-- /dev/\n");
  const path = (name: string) => join(host.root, "etc", name);
  Bun.spawnSync([MKFIFO ?? "", path("fifo")]);
  const socket = Bun.listen({ unix: path("socket"), socket: { data() {} } });
  const files = openHostFiles(host.root);
  for (const name of ["fifo", "socket", "circle", "a", "a/b/c", "none", "zero", "\0"]) {
    expect(files.findText(`/etc/${name}`)).toBeUndefined();
    expect(files.findBytes(`/etc/${name}`)).toBeUndefined();
  }
  for (const name of ["fifo", "a/b", "a/b/c", "none"]) expect(files.list(`/etc/${name}`)).toEqual([]);
  for (const name of ["fifo", "socket", "circle", "a"]) expect(() => files.open(`/etc/${name}`)).toThrow();
  socket.stop();
  const gap = (subject: string, reason: string, count: number) =>
    ({ kind: "unreadable", subject, reason, count }) as const;
  expect(files.listGaps()).toEqual([
    gap("/etc/a", "it is a folder", 2),
    { kind: "unreadable", subject: "/etc/a/b", reason: "it is not a folder" },
    gap("/etc/circle", "too many symbolic links", 2),
    { kind: "unreadable", subject: "/etc/fifo", reason: "it is not a folder" },
    gap("/etc/fifo", "not a regular file", 2),
    gap("/etc/socket", "not a regular file", 2),
  ]);
});

test.skipIf(process.platform !== "linux" || process.getuid?.() === 0)(
  "notes what the user must not read as not permitted",
  () => {
    const files = openHostFiles();
    expect(files.findText("/etc/shadow")).toBeUndefined();
    expect(files.listGaps()).toEqual([
      { kind: "not-permitted", subject: "/etc/shadow", reason: "permission denied" },
    ]);
    expect(() => files.readText("/etc/shadow")).toThrow("Cannot read /etc/shadow: permission denied");
  },
);

test("reads a large file in parts", () => {
  using host = makeRoot("-- /a\n0123456789");
  using file = openHostFiles(host.root).open("/a");
  expect(file?.sizeBytes).toBe(10);
  expect(Buffer.from(file?.readAt(8, 4) ?? []).toString()).toBe("89");
  expect(openHostFiles(host.root).open("/b")).toBeUndefined();
});

test("a category that has read as much as it may reads nothing else, and has a gap", () => {
  using host = makeRoot("-- /a\n0123456789\n-- /b\n0123456789\n-- /c/d\n-- /c/e\n");
  const within = (limits: Partial<Limits>) => openHostFiles(host.root, { ...LIMITS, ...limits });
  const files = within({ files: 1 });
  expect([files.findText("/a"), files.findText("/b")]).toEqual(["0123456789\n", undefined]);
  expect(files.listGaps()).toEqual([{ kind: "limit", subject: "files", reason: "more than 1 files" }]);
  const bytes = within({ bytes: 15 });
  expect([bytes.findText("/a"), bytes.findText("/b")]).toEqual(["0123456789\n", undefined]);
  const entries = within({ entries: 1 });
  expect(entries.list("/c")).toEqual([]);
  expect(entries.listGaps()).toHaveLength(1);
  const late = within({ timeMs: -1 });
  expect(() => late.findText("/a")).toThrow(TooSlow);
});

test("reads invalid UTF-8 as replacement characters", async () => {
  using host = makeRoot("-- /etc/\n");
  await Bun.write(join(host.root, "etc/x"), new Uint8Array([0x61, 0xff, 0xfe, 0x62]));
  expect(openHostFiles(host.root).findLine("/etc/x")).toBe("a\ufffd\ufffdb");
});

test("reads files in /proc to their end, although their size is 0", () => {
  const text = openHostFiles("/").findText("/proc/self/status");
  if (process.platform === "linux") expect(text).toContain(`Pid:\t${process.pid}\n`);
});
