import { expect, test } from "bun:test";
import { userItem } from "@attacklens/protocol/inventory/users.ts";
import { accountItems, type LocalGroup, type LocalUser } from "./accounts.ts";
import { parseSid } from "./live-sids.ts";

const MACHINE = "S-1-5-21-1-2-3";
const user = (name: string, rid: number, changes: Partial<LocalUser> = {}): LocalUser => ({
  name,
  sid: `${MACHINE}-${rid}`,
  fullName: undefined,
  flags: 0x201,
  home: undefined,
  lastLoginAt: undefined,
  passwordChangedOn: undefined,
  expiresOn: undefined,
  ...changes,
});
const group = (name: string, sid: string, members: LocalGroup["members"]): LocalGroup => ({
  name,
  sid,
  members,
});
const itemsOf = (users: LocalUser[], groups: LocalGroup[]) =>
  Object.fromEntries(
    accountItems(users, groups, "2026-11-26", { noteGap: () => {} })
      .map((item) => userItem.parse(item))
      .map((item) => [item.key, item]),
  );

test("rights come from the SIDs of groups, whatever their names are", () => {
  const items = itemsOf(
    [user("Administrator", 500, { flags: 0x203 }), user("anna", 1001), user("gast", 501)],
    [
      group("Administratoren", "S-1-5-32-544", [
        { sid: `${MACHINE}-1001`, name: "PC\\anna" },
        { sid: "S-1-5-21-9-9-9-512", name: "CORP\\Domain Admins" },
      ]),
      group("Sicherungs-Operatoren", "S-1-5-32-551", []),
      group("Benutzer", "S-1-5-32-545", [{ sid: `${MACHINE}-1001`, name: "PC\\anna" }]),
    ],
  );
  expect(items["user:anna"]).toMatchObject({
    rootAccess: "full",
    privileges: [{ source: "group", group: "Administrators", runAs: [], commands: [], password: "none" }],
    groups: ["Administratoren", "Benutzer"],
    uid: 1001,
    sid: `${MACHINE}-1001`,
    canLogIn: true,
  });
  expect(items["user:Administrator"]).toMatchObject({
    rootAccess: "full",
    privileges: [{ source: "uid", runAs: [], commands: [], password: "none" }],
    canLogIn: false,
  });
  expect(items["user:gast"]).toMatchObject({ rootAccess: "none", privileges: [] });
  expect(items["group:Administratoren"]).toMatchObject({
    privileges: [{ source: "group", group: "Administrators" }],
    members: ["CORP\\Domain Admins", "PC\\anna"],
  });
  expect(items["group:Benutzer"]?.privileges).toEqual([]);
});

test("reads the flags of an account", () => {
  const items = itemsOf(
    [
      user("disabled", 1, { flags: 0x2 }),
      user("locked", 2, { flags: 0x10 }),
      user("lax", 3, { flags: 0x1_0020 }),
      user("expired", 4, { expiresOn: "2026-11-26" }),
      user("unknown", 5, { flags: undefined }),
    ],
    [],
  );
  expect(items["user:disabled"]).toMatchObject({ disabled: true, canLogIn: false, password: "locked" });
  expect(items["user:locked"]).toMatchObject({ lockedOut: true, canLogIn: true, password: "unknown" });
  expect(items["user:lax"]).toMatchObject({ passwordRequired: false, passwordNeverExpires: true });
  expect(items["user:expired"]).toMatchObject({ canLogIn: false, expiresOn: "2026-11-26" });
  expect(items["user:unknown"]).not.toHaveProperty("canLogIn");
  expect(items["user:unknown"]).not.toHaveProperty("disabled");
});

test("members without a SID are known by their name", () => {
  const items = itemsOf(
    [user("root", 1000, { sid: undefined })],
    [group("Administrators", "S-1-5-32-544", [{ sid: undefined, name: "root" }])],
  );
  expect(items["user:root"]).toMatchObject({
    privileges: [{ source: "group", group: "Administrators" }],
  });
  expect(items["user:root"]).not.toHaveProperty("uid");
});

test("reads a SID in memory", () => {
  expect(parseSid(Buffer.from("01020000000000052000000020020000", "hex"))).toBe("S-1-5-32-544");
  expect(parseSid(Buffer.from("0102000000000005", "hex"))).toBeUndefined();
  expect(parseSid(Buffer.alloc(0))).toBeUndefined();
});
