import { z } from "zod";
import { fact } from "../text.ts";
import { factTime } from "./fact-times.ts";

/** Rounded, so that a host that only writes to its disks does not report a change each time. */
const percent = z.int().min(0).max(100).meta({ example: 40, description: "Rounded up to 10" });

/**
 * The machine: one item each for host, OS, kernel, CPU, memory, identifiers, virtualization and the like, and
 * one for each mount.
 */
export const systemItem = z
  .discriminatedUnion("kind", [
    z.strictObject({
      key: z.literal("host"),
      kind: z.literal("host"),
      hostname: fact(253).min(1),
      fqdn: fact(253).optional(),
      bootedAt: fact(40).optional().meta({ description: "ISO 8601, to the second" }),
      timeZone: fact(100).optional().meta({ example: "Europe/Berlin" }),
      domain: fact(253).optional().meta({
        example: "corp.example.com",
        description: "Windows: the domain of Active Directory that the host has joined",
      }),
      workgroup: fact(253).optional().meta({ description: "Windows: absent in a domain" }),
      entraTenant: fact(100).optional().meta({
        example: "72f988bf-0000-4000-8000-2d7cd011db47",
        description: "Windows: id of the Microsoft Entra tenant that the host has joined",
      }),
    }),
    z.strictObject({
      key: z.literal("os"),
      kind: z.literal("os"),
      platform: z.enum(["linux", "windows", "darwin"]),
      name: fact(200).meta({ example: "Debian GNU/Linux" }),
      version: fact(200).meta({
        example: "12.11 (bookworm)",
        description: "With the point release; empty if the system has no version",
      }),
      id: fact(100).optional().meta({ example: "debian", description: "ID of os-release(5)" }),
      versionId: fact(100).optional().meta({ example: "12", description: "VERSION_ID of os-release(5)" }),
      pointRelease: fact(100)
        .optional()
        .meta({ example: "12.11", description: "The most exact version that the system's files name" }),
      codename: fact(100).optional().meta({ example: "bookworm" }),
      buildId: fact(200).optional().meta({
        example: "rolling",
        description: "BUILD_ID or IMAGE_VERSION of os-release(5); on Windows the build with its last update",
      }),
      displayVersion: fact(40).optional().meta({ example: "23H2", description: "Windows" }),
      edition: fact(100).optional().meta({ example: "Professional", description: "Windows" }),
      installationType: fact(100)
        .optional()
        .meta({ example: "Server Core", description: "Windows: Client, Server, Server Core" }),
      installedAt: factTime
        .optional()
        .meta({ description: "Windows: the last installation or upgrade of the system" }),
    }),
    z.strictObject({
      key: z.literal("kernel"),
      kind: z.literal("kernel"),
      release: fact(200).meta({ example: "6.1.0-28-amd64" }),
      version: fact(500).optional(),
      parameters: z
        .array(fact(100))
        .max(200)
        .optional()
        .meta({
          example: ["mitigations=off", "quiet"],
          description: "Those of the kernel's command line that belong to a closed list",
        }),
    }),
    z.strictObject({
      key: z.literal("cpu"),
      kind: z.literal("cpu"),
      model: fact(300),
      architecture: fact(40).meta({ example: "amd64" }),
      logicalCount: z.int().min(0),
      physicalCount: z.int().min(0).optional().meta({ description: "Cores" }),
      socketCount: z.int().min(0).optional(),
    }),
    z.strictObject({
      key: z.literal("memory"),
      kind: z.literal("memory"),
      totalBytes: z.int().min(0),
      swapBytes: z.int().min(0),
    }),
    z.strictObject({
      key: z.literal("identifiers"),
      kind: z.literal("identifiers"),
      machineId: fact(100)
        .optional()
        .meta({ description: "machine-id(5), or MachineGuid of Windows, in lower-case hex" }),
      productUuid: fact(100).optional().meta({ description: "SMBIOS system UUID, lower case" }),
      serialNumber: fact(200).optional(),
      vendor: fact(200).optional(),
      model: fact(200).optional(),
      cloudInstanceId: fact(200).optional(),
    }),
    z.strictObject({
      key: z.literal("virtualization"),
      kind: z.literal("virtualization"),
      type: fact(60).meta({
        example: "kvm",
        description:
          "As systemd-detect-virt(1) names it, and `kubernetes` or `containerd`; `none` on bare metal",
      }),
    }),
    z.strictObject({
      key: fact(1_100).startsWith("mount:"),
      kind: z.literal("mount"),
      path: fact(1_000),
      device: fact(1_000),
      fileSystem: fact(60),
      sizeBytes: z.int().min(0).optional(),
      usedPercent: percent.optional(),
      inodesUsedPercent: percent.optional(),
      options: z
        .array(fact(40))
        .max(50)
        .optional()
        .meta({ example: ["nodev", "nosuid"], description: "Those that restrict what is on it" }),
      encrypted: z.boolean().optional(),
    }),
    z.strictObject({
      key: z.literal("kernels"),
      kind: z.literal("kernels"),
      running: fact(200).optional().meta({ example: "6.1.0-28-amd64", description: "Absent: an image" }),
      installed: z.array(fact(200)).max(200).meta({ description: "Newest first" }),
    }),
    z.strictObject({
      key: z.literal("reboot"),
      kind: z.literal("reboot"),
      required: z.boolean().meta({ description: "An update takes effect with the next start" }),
      reasons: z
        .array(fact(300))
        .max(100)
        .meta({ example: ["kernel 6.1.0-29-amd64 is installed"] }),
    }),
    z.strictObject({
      key: z.literal("kernel-modules"),
      kind: z.literal("kernel-modules"),
      names: z.array(fact(100)).max(5_000).meta({ description: "Loaded modules, sorted" }),
    }),
  ])
  .meta({ id: "SystemFact" });
