// How a process finds out whether it is the service, and whether the system is replaced as a whole.
import { expect, test } from "bun:test";
import { isOwnUnit, isReadOnly } from "./update-method.ts";

test("a process knows whether it runs in one of the two units", () => {
  expect(isOwnUnit("0::/system.slice/attacklens-sensor.service\n")).toBe(true);
  expect(isOwnUnit("0::/system.slice/attacklens-sensor-trial.service\n")).toBe(true);
  // Both hierarchies of a host with control groups of version 1.
  expect(isOwnUnit("9:name=systemd:/system.slice/attacklens-sensor.service\n8:pids:/\n0::/x\n")).toBe(true);
  for (const other of [
    "",
    "0::/",
    "0::/user.slice/user-0.slice/session-1.scope\n",
    "0::/x-attacklens-sensor.service.d\n",
  ])
    expect(isOwnUnit(other)).toBe(false);
});

const ROOT = "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro";

test("a system is read-only if the file system of its programs is", () => {
  expect(isReadOnly(ROOT, "/usr/bin")).toBe(false);
  expect(isReadOnly("", "/usr/bin")).toBe(false);
  // Flags of the mount, and of the file system.
  expect(isReadOnly(ROOT.replace("rw,relatime", "ro,relatime"), "/usr/bin")).toBe(true);
  expect(isReadOnly(ROOT.replace("rw,errors", "ro,errors"), "/usr/bin")).toBe(true);
  const usr = "30 22 254:2 /usr /usr ro,nodev - btrfs /dev/vda2 rw,subvol=/usr";
  expect(isReadOnly(`${ROOT}\n${usr}`, "/usr/bin")).toBe(true);
  expect(isReadOnly(`${usr}\n${ROOT}`, "/usr/bin")).toBe(true);
  // Other folders, and a mount that a later one hides.
  expect(isReadOnly(`${ROOT}\n${usr.replace("/usr ro", "/usr/bi ro")}`, "/usr/bin")).toBe(false);
  expect(isReadOnly(`${ROOT}\n${usr}\n${usr.replace(" ro,", " rw,")}`, "/usr/bin")).toBe(false);
});
