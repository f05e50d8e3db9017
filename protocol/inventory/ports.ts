import { z } from "zod";
import { fact } from "../text.ts";

/**
 * A listening socket: TCP in LISTEN, or UDP bound and not connected. One item per address and port, with all
 * processes.
 */
export const portItem = z
  .strictObject({
    key: fact(120).min(1).meta({ example: "tcp/0.0.0.0:22" }),
    protocol: z.enum(["tcp", "udp"]),
    address: fact(60).meta({
      example: "0.0.0.0",
      description: "IPv4 or IPv6 (RFC 5952); `0.0.0.0` and `::` mean every address",
    }),
    port: z.int().min(1).max(65_535),
    processes: z
      .array(
        z.strictObject({
          pid: z.int().min(1),
          name: fact(250).meta({ example: "sshd" }),
          executable: fact(1_000).optional().meta({ example: "/usr/sbin/sshd" }),
          user: fact(250).optional().meta({ example: "root" }),
        }),
      )
      .max(1_000)
      .meta({ description: "By pid; empty when the sensor may not see them" }),
  })
  .meta({ id: "Port" });
