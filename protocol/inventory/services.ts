import { z } from "zod";
import { fact } from "../text.ts";

/** A service of the init system, or a socket that starts one. */
export const serviceItem = z
  .strictObject({
    key: fact(300).min(1).meta({ example: "ssh.service" }),
    kind: z.enum(["service", "socket"]),
    manager: z.enum(["systemd", "openrc", "sysv", "runit", "windows", "launchd"]),
    name: fact(300).min(1).meta({ example: "ssh.service" }),
    description: fact(500).optional().meta({ example: "OpenBSD Secure Shell server" }),
    enablement: fact(40).meta({
      example: "enabled",
      description:
        "As `systemctl list-unit-files` names it: enabled, disabled, static, masked, alias, indirect, generated, …; on Windows automatic, manual, disabled, boot or system, with -delayed or -trigger; on macOS enabled or disabled",
    }),
    state: z.enum(["running", "exited", "starting", "stopped", "failed", "unknown"]).meta({
      description:
        "running: has processes, or listens; exited: has run and counts as started; failed: its manager says so; stopped: has no processes; unknown: the sensor could not find out",
    }),
    command: fact(1_000).optional().meta({
      example: "/usr/sbin/sshd",
      description: "Path of the first program that it starts, never with its arguments",
    }),
    user: fact(250).optional().meta({ description: "Account it runs as; absent: unknown" }),
    dynamicUser: z.boolean().optional().meta({
      description: "true: the account exists only while the service runs (DynamicUser=)",
    }),
    listens: z
      .array(fact(200))
      .max(100)
      .optional()
      .meta({ example: ["0.0.0.0:22", "/run/docker.sock"], description: "Addresses of a socket" }),
    library: fact(1_000).optional().meta({
      example: "C:\\Windows\\System32\\dnsrslvr.dll",
      description: "Windows: the library of the service in a shared program, e.g. svchost.exe",
    }),
    file: fact(1_000).optional().meta({ example: "/lib/systemd/system/ssh.service" }),
  })
  .meta({ id: "Service" });
