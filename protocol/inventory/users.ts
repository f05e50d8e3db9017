import { z } from "zod";
import { fact } from "../text.ts";

const account = z.strictObject({
  key: fact(300).min(1).meta({ example: "user:root" }),
  kind: z.literal("user"),
  name: fact(250).min(1),
  uid: z.int().min(0),
  gid: z.int().min(0),
  fullName: fact(500).optional(),
  home: fact(1_000),
  shell: fact(1_000),
  groups: z.array(fact(250)).max(5_000).meta({ description: "Names of all groups, the primary one first" }),
  canLogIn: z
    .boolean()
    .meta({ description: "The shell admits a session: not nologin, false, sync or the like" }),
  password: z
    .enum(["set", "locked", "none", "unknown"])
    .meta({ description: "From the shadow file; none: no password is asked; unknown: not readable" }),
  privileges: z
    .array(fact(300))
    .max(200)
    .meta({
      example: ["uid 0", "member of sudo", "sudoers: ALL"],
      description: "Why it may act as root; empty when it may not",
    }),
});

const group = z.strictObject({
  key: fact(300).min(1).meta({ example: "group:sudo" }),
  kind: z.literal("group"),
  name: fact(250).min(1),
  gid: z.int().min(0),
  members: z
    .array(fact(250))
    .max(5_000)
    .meta({ description: "As the group file lists them; primary members are not repeated" }),
  privileges: z.array(fact(300)).max(200),
});

/** A local account or group. */
export const userItem = z.discriminatedUnion("kind", [account, group]).meta({ id: "UserOrGroup" });
