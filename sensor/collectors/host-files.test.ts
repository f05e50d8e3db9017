import { expect, test } from "bun:test";
import { join } from "node:path";
import { makeRoot } from "../testdata/unpack-machine.ts";
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
  expect(files.findText("/big", 10)).toBeUndefined();
  expect(files.readText("/none")).toBeUndefined();
  expect(() => files.readText("/")).toThrow("not a regular file");
});

test.skipIf(Bun.which("mkfifo") === null)("does not block on a FIFO in place of a file", () => {
  using host = makeRoot("-- /etc/\n");
  Bun.spawnSync([Bun.which("mkfifo") ?? "", join(host.root, "/etc/passwd")]);
  expect(openHostFiles(host.root).findText("/etc/passwd")).toBeUndefined();
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
