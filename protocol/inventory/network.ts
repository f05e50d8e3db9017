import { z } from "zod";
import { fact } from "../text.ts";

const networkInterface = z.strictObject({
  key: fact(300).startsWith("interface:"),
  kind: z.literal("interface"),
  name: fact(200).meta({ example: "eth0" }),
  type: fact(40).optional().meta({
    example: "physical",
    description: "physical, wireless, bridge, bond, vlan, tunnel, virtual, …",
  }),
  mac: fact(60).optional().meta({ example: "52:54:00:12:34:56" }),
  addresses: z
    .array(fact(60))
    .max(1_000)
    .meta({ example: ["10.0.0.5/24", "fe80::1/64"] }),
  up: z.boolean(),
  mtu: z.int().min(0).optional(),
  speedMbps: z.int().min(0).optional().meta({ description: "Of the present link" }),
  duplex: z.enum(["full", "half"]).optional(),
  driver: fact(100).optional().meta({ example: "e1000e" }),
  controller: fact(200).optional().meta({ example: "br0", description: "The bridge or bond it belongs to" }),
  parent: fact(200).optional().meta({ example: "eth0", description: "Below a VLAN or the like" }),
  vlan: z.int().min(0).max(4_095).optional(),
});

const route = z.strictObject({
  key: fact(400).startsWith("route:"),
  kind: z.literal("route"),
  destination: fact(60).meta({
    example: "0.0.0.0/0",
    description: "`0.0.0.0/0` and `::/0`: the default route",
  }),
  gateway: fact(60).optional().meta({ example: "10.0.0.1", description: "Absent: reached directly" }),
  interface: fact(200).optional().meta({ description: "Absent: the packets are dropped or rejected" }),
  metric: z.int().min(0).optional(),
});

const resolver = z.strictObject({
  key: fact(300).startsWith("resolver:"),
  kind: z.literal("resolver"),
  interface: fact(200).optional().meta({ description: "Absent: for the whole host" }),
  servers: z
    .array(fact(100))
    .max(100)
    .meta({ example: ["10.0.0.53"], description: "DNS servers in order" }),
  search: z
    .array(fact(253))
    .max(100)
    .meta({ example: ["example.org"] }),
  domain: fact(253).optional().meta({ description: "The host's own domain, where it is set" }),
  source: fact(1_000).optional().meta({ example: "/etc/resolv.conf" }),
});

/** How the host is connected. */
export const networkItem = z
  .discriminatedUnion("kind", [networkInterface, route, resolver])
  .meta({ id: "NetworkFact" });
