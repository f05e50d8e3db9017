// A host that does not exist, with items of every category and every kind that the page's schemas have.
import type { CategoryName, Item } from "./inventory-chunks.ts";
import type { HostFacts } from "./second-sensor.ts";

export function makeUpHost(hostname: string, machineId: string): HostFacts {
  return {
    hostname,
    platform: "linux",
    architecture: "arm64",
    osName: "Madeup GNU/Linux",
    osVersion: "7 (seventh)",
    machineId,
    productUuid: `${machineId.slice(0, 8)}-0000-4000-8000-000000000000`,
    macs: ["52:54:00:12:34:56"],
    addresses: ["192.0.2.7"],
  };
}

export function makeUpItems(hostname: string): Record<CategoryName, Item[]> {
  const packages = Array.from({ length: 200 }, (_, number) =>
    packageItem(`made-up-${number}`, `1.${number}-1`),
  );
  return {
    packages: [
      ...packages,
      {
        ...packageItem("grüße-\u{1f600}", "2"),
        source: "greetings",
        sourceVersion: "2.0",
        vendor: "Nil\u0007\u202e",
        sizeBytes: 12_345,
      },
    ],
    services: [
      {
        key: "greet.service",
        kind: "service",
        manager: "systemd",
        name: "greet.service",
        enablement: "enabled",
        state: "running",
        command: "/usr/bin/greet",
        user: "greeter",
      },
      {
        key: "idle.service",
        kind: "service",
        manager: "systemd",
        name: "idle.service",
        enablement: "static",
        state: "stopped",
        description: "Does nothing",
        file: "/lib/idle.service",
      },
    ],
    ports: [
      {
        key: "tcp/0.0.0.0:22",
        protocol: "tcp",
        address: "0.0.0.0",
        port: 22,
        processes: [{ pid: 7, name: "sshd", executable: "/usr/sbin/sshd", user: "root" }],
      },
      { key: "udp/[::]:53", protocol: "udp", address: "::", port: 53, processes: [] },
    ],
    users: [
      {
        ...{
          key: "user:root",
          kind: "user",
          name: "root",
          uid: 0,
          gid: 0,
          fullName: "Root",
          home: "/root",
          shell: "/bin/sh",
          groups: ["root"],
        },
        ...{ canLogIn: true, password: "locked", privileges: ["uid 0"] },
      },
      { key: "group:root", kind: "group", name: "root", gid: 0, members: [], privileges: [] },
      {
        key: "group:greeters",
        kind: "group",
        name: "greeters",
        gid: 900,
        members: ["greeter"],
        privileges: ["sudoers: ALL"],
      },
    ],
    security: [
      {
        key: "ssh/permit-root-login",
        area: "ssh",
        name: "PermitRootLogin",
        value: "no",
        source: "/etc/ssh/sshd_config",
      },
    ],
    system: [
      {
        key: "host",
        kind: "host",
        hostname,
        fqdn: `${hostname}.example`,
        bootedAt: "2026-11-24T09:30:00Z",
        timeZone: "Europe/Berlin",
      },
      {
        key: "os",
        kind: "os",
        platform: "linux",
        name: "Madeup GNU/Linux",
        version: "7 (seventh)",
        id: "madeup",
      },
      { key: "kernel", kind: "kernel", release: "7.0.0", version: "#1", parameters: ["quiet"] },
      {
        key: "cpu",
        kind: "cpu",
        model: "Abacus",
        architecture: "arm64",
        logicalCount: 4,
        physicalCount: 2,
        socketCount: 1,
      },
      { key: "memory", kind: "memory", totalBytes: 8_589_934_592, swapBytes: 0 },
      { key: "identifiers", kind: "identifiers", vendor: "Nil", model: "Nothing" },
      { key: "virtualization", kind: "virtualization", type: "kvm" },
      {
        key: "disk:sda",
        kind: "disk",
        name: "sda",
        sizeBytes: 1_000_000_000,
        model: "Slate",
        serialNumber: "1",
        removable: false,
        rotational: true,
      },
      {
        key: "mount:/",
        kind: "mount",
        path: "/",
        device: "/dev/sda1",
        fileSystem: "ext4",
        sizeBytes: 999_999_999,
        encrypted: false,
      },
      {
        key: "network:eth0",
        kind: "network",
        name: "eth0",
        mac: "52:54:00:12:34:56",
        addresses: ["192.0.2.7/24", "fe80::1/64"],
        up: true,
      },
    ],
  };
}

export function packageItem(name: string, version: string): Item {
  return {
    key: `dpkg:${name}:arm64`,
    manager: "dpkg",
    name,
    version,
    architecture: "arm64",
    purl: `pkg:deb/madeup/${encodeURIComponent(name)}@${version}?arch=arm64`,
  };
}
