import { expect, test } from "bun:test";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { openLocalFiles } from "./local-files.ts";
import { deviceNumber } from "./system/mounts.ts";

const line = (number: string, path: string, fileSystem: string) =>
  `36 35 ${number} / ${path} rw,relatime - ${fileSystem} server:/x rw\n`;

test("files on a file server, and what may mount or serve them, are not local", () => {
  const mounts =
    line("8:1", "/", "ext4") +
    line("0:51", "/srv/nfs", "nfs4") +
    line("0:52", "/net", "autofs") +
    line("0:53", "/home/mia/drive", "fuse.sshfs");
  const isLocal = openLocalFiles(mounts);
  for (const path of ["/srv/nfs", "/srv/nfs/a", "/net/host/share", "/home/mia/drive/x"])
    expect([path, isLocal(path)]).toEqual([path, false]);
  for (const path of ["/srv/nfs-local", "/etc/passwd", "/nonexistent/deeper", "/"])
    expect([path, isLocal(path)]).toEqual([path, true]);
});

test.skipIf(process.platform === "win32")("a link that leads to a file server is not local", () => {
  using folder = openTemporaryFolder("local-files");
  const at = (name: string) => join(folder.path, name);
  mkdirSync(at("remote"));
  writeFileSync(at("remote/a"), "");
  symlinkSync("remote", at("link"));
  // The device of the folder, as of a mount elsewhere.
  const isLocal = openLocalFiles(line(deviceNumber(statSync(at("remote")).dev), "/elsewhere", "nfs"));
  for (const name of ["link", "link/a", "link/missing", "link/missing/deeper"])
    expect([name, isLocal(at(name))]).toEqual([name, false]);
  expect(isLocal("/proc/self")).toBe(true);
});
