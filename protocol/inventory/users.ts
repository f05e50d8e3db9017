import { z } from "zod";
import { fact } from "../text.ts";
import { factDate, factTime } from "./fact-times.ts";

/** A key that opens a session of the account, without its comment, which often is an address. */
const authorizedKey = z.strictObject({
  type: fact(100).meta({ example: "ssh-ed25519" }),
  fingerprint: fact(100).meta({ example: "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDbWkvBHm4kNpuTlYw" }),
  bits: z.int().min(0).optional(),
  options: z
    .array(fact(60))
    .max(50)
    .meta({ example: ["from", "command"], description: "Names, without values" }),
  source: fact(1_000).meta({ example: "/root/.ssh/authorized_keys" }),
});

/** A right to act as another account. */
const right = z.strictObject({
  source: z.enum(["uid", "group", "sudo", "doas"]).meta({
    description:
      "uid: it has the id of root, or is the built-in administrator; group: members control the host; sudo, doas: a rule",
  }),
  group: fact(250).optional().meta({ example: "wheel", description: "The group that confers the right" }),
  runAs: z
    .array(fact(250))
    .max(50)
    .meta({
      example: ["root"],
      description:
        "The accounts that it may act as. ALL: every account; with `!`: not this one. Empty on Windows",
    }),
  runAsGroups: z
    .array(fact(250))
    .max(50)
    .optional()
    .meta({ description: "The groups that it may choose for the command" }),
  commands: z
    .array(fact(300))
    .max(100)
    .meta({
      example: ["ALL", "!/usr/bin/su"],
      description: "ALL or paths, without their arguments; with `!`: not this one. Empty on Windows",
    }),
  moreCommands: z.int().min(1).optional().meta({ description: "Further commands that are not listed" }),
  password: z.enum(["none", "own", "target", "root", "runas-default"]).meta({
    description:
      "The account whose password is asked for: none, its own, the one it acts as, root, or sudo's runas_default",
  }),
});

const privileges = z.array(right).max(50).meta({
  description: "What it may do as root or another account. A later denial is already taken into account",
});

const account = z.strictObject({
  key: fact(300).min(1).meta({ example: "user:root" }),
  kind: z.literal("user"),
  name: fact(250).min(1),
  uid: z.int().min(0).optional().meta({ description: "On Windows the last number of the SID" }),
  gid: z.int().min(0).optional().meta({ description: "Absent on Windows" }),
  sid: fact(200).optional().meta({ example: "S-1-5-21-1004336348-1177238915-682003330-1001" }),
  fullName: fact(500).optional(),
  home: fact(1_000).optional(),
  shell: fact(1_000).optional().meta({ description: "Absent on Windows" }),
  groups: z.array(fact(250)).max(5_000).meta({ description: "Names of all groups, the primary one first" }),
  canLogIn: z.boolean().optional().meta({
    description:
      "The shell admits a session: not nologin, false, sync or the like, and the account has not expired; on Windows: neither disabled nor expired. Absent: not known",
  }),
  password: z
    .enum(["set", "locked", "none", "unknown"])
    .meta({ description: "From the shadow file; none: no password is asked; unknown: not readable" }),
  disabled: z.boolean().optional().meta({ description: "Windows and macOS" }),
  hidden: z.literal(true).optional().meta({ description: "macOS: the login window does not list it" }),
  lockedOut: z.boolean().optional().meta({ description: "Windows: after too many wrong passwords" }),
  passwordRequired: z.boolean().optional().meta({ description: "Windows: false: it may be empty" }),
  passwordNeverExpires: z.boolean().optional().meta({ description: "Windows" }),
  rootAccess: z.enum(["full", "some-commands", "none", "unknown"]).meta({
    description:
      "Whether it may act as root, on Windows as administrator. full: with any command; unknown: rules of sudo or doas cannot be read",
  }),
  privileges,
  lastLoginAt: factTime.optional().meta({ description: "Absent: never, or not recorded" }),
  lastLoginFrom: fact(300).optional().meta({ example: "192.0.2.9", description: "Host or terminal" }),
  passwordChangedOn: factDate.optional(),
  passwordExpiresOn: factDate.optional().meta({ description: "Absent: never" }),
  expiresOn: factDate.optional().meta({ description: "The first day without sign-in; absent: never" }),
  authorizedKeys: z
    .array(authorizedKey)
    .max(1_000)
    .optional()
    .meta({ description: "SSH keys; absent: not looked for" }),
});

const group = z.strictObject({
  key: fact(300).min(1).meta({ example: "group:sudo" }),
  kind: z.literal("group"),
  name: fact(250).min(1),
  gid: z.int().min(0).optional().meta({ description: "On Windows the last number of the SID" }),
  sid: fact(200).optional().meta({ example: "S-1-5-32-544" }),
  members: z
    .array(fact(250))
    .max(5_000)
    .meta({ description: "As the group file lists them; primary members are not repeated" }),
  privileges,
});

/** A local account or group. */
export const userItem = z.discriminatedUnion("kind", [account, group]).meta({ id: "UserOrGroup" });
