import { z } from "zod";
import { fact } from "../text.ts";

/** A service of the init system. */
export const serviceItem = z
  .strictObject({
    key: fact(300).min(1).meta({ example: "ssh.service" }),
    manager: z.enum(["systemd"]),
    name: fact(300).min(1).meta({ example: "ssh.service" }),
    description: fact(500).optional().meta({ example: "OpenBSD Secure Shell server" }),
    enablement: fact(40).meta({
      example: "enabled",
      description:
        "As `systemctl list-unit-files` names it: enabled, disabled, static, masked, alias, indirect, generated, …",
    }),
    state: z.enum(["running", "stopped", "unknown"]).meta({
      description: "running: has processes now; unknown: the host's control groups could not be read",
    }),
    command: fact(2_000)
      .optional()
      .meta({ example: "/usr/sbin/sshd -D $SSHD_OPTS", description: "The first ExecStart line" }),
    user: fact(250).optional().meta({ description: "Account it runs as; absent means root" }),
    file: fact(1_000).optional().meta({ example: "/lib/systemd/system/ssh.service" }),
  })
  .meta({ id: "Service" });
