import { z } from "zod";
import { fact } from "../text.ts";

export const SECURITY_AREAS = [
  "ssh",
  "firewall",
  "updates",
  "encryption",
  "kernel",
  "login",
  "boot",
  "access-control",
  "audit",
  "time",
  "files",
  "antivirus",
  "remote-access",
  "management",
] as const;

/** One effective security setting with its raw value. The server evaluates it. */
export const securityItem = z
  .strictObject({
    key: fact(300).min(1).meta({ example: "ssh/permit-root-login" }),
    area: z.enum(SECURITY_AREAS),
    name: fact(200)
      .min(1)
      .meta({ example: "PermitRootLogin", description: "As the software that has it names it" }),
    value: fact(1_000).meta({
      example: "prohibit-password",
      description: "Effective value",
    }),
    source: fact(1_000).optional().meta({
      example: "/etc/ssh/sshd_config",
      description: "The file that sets it, or the software and version whose default it is",
    }),
    condition: fact(500).optional().meta({
      example: "User backup",
      description: "The connections that it is for, as in a Match block of sshd_config; absent: all",
    }),
  })
  .meta({ id: "SecuritySetting" });
