import { expect, test } from "bun:test";
import { kernelParameters } from "./kernel-parameters.ts";

test("reports listed parameters, with values that the kernel's documentation lists", () => {
  expect(
    kernelParameters(
      "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet mitigations=auto,nosmt,no_guest_host crashkernel=1G-4G:192M,4G-:256M audit=1 " +
        "module_blacklist=usb_storage,firewire_core lsm=landlock,yama,apparmor spectre-v2=on init_on_alloc=1\n",
    ),
  ).toEqual([
    "ro",
    "quiet",
    "mitigations=auto,nosmt,no_guest_host",
    "crashkernel=1G-4G:192M,4G-:256M",
    "audit=1",
    "module_blacklist=usb_storage,firewire_core",
    "lsm=landlock,yama,apparmor",
    "spectre-v2=on",
    "init_on_alloc=1",
  ]);
});

test("reports no other parameter, no other value and nothing for the init system", () => {
  const secret = "hunter2";
  const text =
    `password=${secret} rd.luks.key=${secret} root=nbd:${secret}@host ip=${secret} "quiet=${secret} x" ` +
    `audit=${secret} security=${secret},on netroot=iscsi:user:${secret}@10.0.0.1 ${secret} slub_debug=on;${secret} ` +
    `hugepages=2048,${secret} -- quiet ${secret}`;
  expect(kernelParameters(text)).toEqual(["quiet", "audit", "security", "slub_debug", "hugepages"]);
  expect(kernelParameters("")).toEqual([]);
});
