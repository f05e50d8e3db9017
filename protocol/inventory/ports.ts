import { z } from "zod";
import { fact } from "../text.ts";

/**
 * A listening socket: TCP in LISTEN, or UDP bound and not connected. One item per address, device and port,
 * with all processes. Sockets in the network namespaces of containers are not the host's.
 */
export const portItem = z
  .strictObject({
    key: fact(220).min(1).meta({ example: "tcp/0.0.0.0:22" }),
    protocol: z.enum(["tcp", "udp", "udplite", "sctp", "dccp"]),
    address: fact(60).meta({
      example: "0.0.0.0",
      description: "IPv4 or IPv6 (RFC 5952); `0.0.0.0` and `::` mean every address",
    }),
    port: z.int().min(1).max(65_535),
    ipv6Only: z.boolean().optional().meta({
      description: "false: the address `::` accepts IPv4 too (dual-stack); absent: IPv4, or unknown",
    }),
    device: fact(90)
      .optional()
      .meta({ example: "eth0", description: "The only network interface that it accepts" }),
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
      .meta({ description: "By pid; empty: see `processesHidden`" }),
    processesHidden: z
      .enum(["not-root", "other-pid-namespace", "not-permitted", "kernel", "limit"])
      .optional()
      .meta({
        description:
          "Why no process is known. not-root: only root sees the sockets of other users; other-pid-namespace: the sensor does not see all processes of the host; not-permitted: the kernel or a container denies the look; kernel: no process has the socket; limit: too many open files to look at",
      }),
  })
  .meta({ id: "Port" });
