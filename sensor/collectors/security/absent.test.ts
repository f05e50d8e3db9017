// What no file decides is not stated.
import { describe, expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseAptConfig } from "./apt-config.ts";
import { collectSecurity } from "./security.ts";

function collect(host: string): Record<string, [value: string, source: string | undefined]> {
  using root = makeRoot(host);
  const items = collectSecurity(openHostFiles(root.root));
  return Object.fromEntries(items.map(({ key, value, source }) => [key, [value, source]]));
}

test("an empty root has no settings", () => {
  expect(collect("")).toEqual({});
});

test("a kernel with nf_tables built in has it", () => {
  const release = "-- /proc/sys/kernel/osrelease\n6.1.0\n";
  const list = "-- /lib/modules/6.1.0/modules.builtin\nkernel/net/netfilter/nf_tables.ko\n";
  expect(collect(release + list)["firewall/nf_tables module"]).toEqual([
    "yes",
    "/lib/modules/6.1.0/modules.builtin",
  ]);
  expect(collect(`${release}-- /lib/modules/6.1.0/modules.builtin\nkernel/x.ko\n`)).toEqual({});
  expect(collect("-- /sys/module/nf_tables/refcnt\n1\n")["firewall/nf_tables module"]?.[0]).toBe("yes");
});

describe("services", () => {
  const firewalld = "-- /usr/sbin/firewalld\n";
  const unit = "-- /usr/lib/systemd/system/firewalld.service\n[Service]\n";
  const link =
    "-- /etc/systemd/system/multi-user.target.wants/firewalld.service -> /usr/lib/systemd/system/firewalld.service\n";

  test("are enabled or not where systemd has their unit", () => {
    expect(collect(firewalld)["firewall/firewalld"]).toBeUndefined();
    expect(collect(firewalld)["firewall/firewalld DefaultZone"]).toEqual(["public", "default of firewalld"]);
    expect(collect(firewalld + unit)["firewall/firewalld"]?.[0]).toBe("no");
    expect(collect(firewalld + unit + link)["firewall/firewalld"]?.[0]).toBe("yes");
    const masked = `${firewalld + unit + link}-- /etc/systemd/system/firewalld.service -> /dev/null\n`;
    expect(collect(masked)["firewall/firewalld"]?.[0]).toBe("no");
  });

  test("are enabled by a run level of OpenRC", () => {
    const nftables =
      "-- /usr/sbin/nft\n-- /etc/nftables.nft\n-- /etc/init.d/nftables\n-- /etc/runlevels/default/\n";
    expect(collect(nftables)["firewall/nftables"]?.[0]).toBe("no");
    const enabled = `${nftables}-- /etc/runlevels/default/nftables -> /etc/init.d/nftables\n`;
    expect(collect(enabled)["firewall/nftables"]?.[0]).toBe("yes");
    expect(collect("-- /usr/sbin/nft\n-- /etc/nftables.conf\n")["firewall/nftables"]).toBeUndefined();
  });
});

test("ufw without its setting is not off", () => {
  expect(collect("-- /etc/ufw/ufw.conf\nLOGLEVEL=low\n")).toEqual({});
  expect(collect("-- /etc/ufw/ufw.conf\nENABLED=no\n")["firewall/ufw"]).toEqual(["no", "/etc/ufw/ufw.conf"]);
});

describe("updates", () => {
  const apt = "-- /usr/bin/apt-get\n";

  test("defaults say whose they are, and depend on what is installed", () => {
    const found = collect(`${apt}-- /etc/apt/apt.conf.d/20auto\nAPT::Periodic::Unattended-Upgrade "1";\n`);
    expect(found["updates/APT::Periodic::Enable"]).toEqual(["1", "default of apt"]);
    expect(found["updates/APT::Periodic::Unattended-Upgrade"]).toEqual(["1", "/etc/apt/apt.conf.d/20auto"]);
    expect(found["updates/Unattended-Upgrade::Automatic-Reboot"]).toBeUndefined();
    expect(found["updates/apt-daily-upgrade.timer"]).toBeUndefined();
    expect(found["updates/reboot-required"]).toBeUndefined();
    expect(collect(`${apt}-- /run/reboot-required\n`)["updates/reboot-required"]?.[0]).toBe("yes");
  });

  test("`#clear` removes a setting of apt, and names with other extensions do not count", () => {
    const found = collect(
      `${apt}-- /etc/apt/apt.conf.d/10\nAPT::Periodic::Enable "0";\n-- /etc/apt/apt.conf.d/20\n#clear APT::Periodic::Enable;\n-- /etc/apt/apt.conf.d/30.bak\nAPT::Periodic::Enable "5";\n`,
    );
    expect(found["updates/APT::Periodic::Enable"]).toEqual(["1", "default of apt"]);
  });

  test("dnf 5 has a vendor's file, of which /etc overrides single settings", () => {
    const found = collect(
      "-- /usr/bin/dnf5\n-- /usr/share/dnf5/dnf5-plugins/automatic.conf\n[commands]\napply_updates = no\nreboot = never\n-- /etc/dnf/automatic.conf\n[commands]\napply_updates = yes\n",
    );
    expect(found["updates/dnf-automatic apply_updates"]).toEqual(["yes", "/etc/dnf/automatic.conf"]);
    expect(found["updates/dnf-automatic reboot"]).toEqual([
      "never",
      "/usr/share/dnf5/dnf5-plugins/automatic.conf",
    ]);
  });

  test("comments and scopes without an end take linear time", () => {
    expect(parseAptConfig("/*".repeat(400_000))).toEqual([]);
    expect(parseAptConfig(`${"a { ".repeat(200_000)}b "c";`)).toEqual([]);
  });
});

describe("the kernel and its start", () => {
  test("SELinux is not disabled because its file system is not there", () => {
    const found = collect("-- /etc/selinux/config\nSELINUX=enforcing\n");
    expect(found).toEqual({ "access-control/SELinux configured": ["enforcing", "/etc/selinux/config"] });
    expect(collect("-- /sys/fs/selinux/enforce\n0\n")["access-control/SELinux"]?.[0]).toBe("permissive");
  });

  test("a variable that is cut short says nothing about Secure Boot", () => {
    const variable = "-- /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c\n";
    expect(collect(`${variable}\x06\0`)).toEqual({});
    expect(collect(`${variable}\x06\0\0\0\x01`)["boot/Secure Boot"]?.[0]).toBe("enabled");
  });
});
