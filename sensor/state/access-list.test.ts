import { expect, test } from "bun:test";
import { findOtherAccounts, parseAccessList, protectedAccess } from "./access-list.ts";

test("gives SYSTEM and Administrators full access, and inherits nothing", () => {
  expect(protectedAccess("folder")).toBe("O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)");
  expect(protectedAccess("file")).toBe("O:BAD:PAI(A;;FA;;;SY)(A;;FA;;;BA)");
});

test("a user without elevation keeps access to the folder that they make, and owns it", () => {
  expect(protectedAccess("folder", "S-1-5-21-1-2-3-1001")).toBe(
    "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;S-1-5-21-1-2-3-1001)",
  );
});

test.each(["folder", "file"] as const)("the list that protects a %s admits no other account", (kind) => {
  const list = parseAccessList(protectedAccess(kind));
  expect(list).toEqual({ owner: "BA", isProtected: true, allowed: ["SY", "BA"] });
  expect(findOtherAccounts(list, ["SY", "BA"])).toEqual([]);
});

test("finds every account that a folder below ProgramData inherits", () => {
  const inherited =
    "O:BAG:S-1-5-21-1-2-3-513D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;FA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)S:AI(AU;OICISAID;FA;;;WD)";
  const list = parseAccessList(inherited);
  expect(list.isProtected).toBe(false);
  expect(findOtherAccounts(list, ["SY", "BA"])).toEqual(["CO", "BU"]);
});

test.each([
  ["no list at all", "O:BAG:SY", ["WD"]],
  ["a list that controls nothing", "O:BAD:NO_ACCESS_CONTROL", ["WD"]],
  ["an empty list", "O:BAG:SYD:", []],
  ["an empty protected list", "O:BAD:PAI", []],
  ["a denial", "O:BAD:P(D;;FA;;;WD)(A;;FA;;;SY)", ["SY"]],
  [
    "a condition with parentheses",
    'O:BAD:P(XA;;FR;;;AU;(@User.Title=="(PM)" && (Member_of {SID(BA)})))(A;;FA;;;SY)',
    ["AU", "SY"],
  ],
  ["an unknown kind of entry", "O:BAD:P(ZZ;;FR;;;BG)", ["BG"]],
  ["a list that is cut off", "O:BAD:P(A;;FA;;;SY)(A;;FR", ["SY"]],
])("reads %s", (_, sddl, allowed) => {
  expect(parseAccessList(sddl).allowed).toEqual(allowed);
});
