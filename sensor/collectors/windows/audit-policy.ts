// The audit policy of Windows by subcategory. Each has a GUID (ntsecapi.h) and, here, its English name.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";

const SUFFIX = "-69ae-11d9-bed3-505054503030";
/** From 0cce9210 on, without gaps. */
const NAMES = [
  ...["Security State Change", "Security System Extension", "System Integrity", "IPsec Driver"],
  ...["Other System Events", "Logon", "Logoff", "Account Lockout", "IPsec Main Mode", "IPsec Quick Mode"],
  ...["IPsec Extended Mode", "Special Logon", "Other Logon/Logoff Events", "File System", "Registry"],
  ...["Kernel Object", "SAM", "Certification Services", "Application Generated", "Handle Manipulation"],
  ...["File Share", "Filtering Platform Packet Drop", "Filtering Platform Connection"],
  ...["Other Object Access Events", "Sensitive Privilege Use", "Non Sensitive Privilege Use"],
  ...[
    "Other Privilege Use Events",
    "Process Creation",
    "Process Termination",
    "DPAPI Activity",
    "RPC Events",
  ],
  ...["Audit Policy Change", "Authentication Policy Change", "Authorization Policy Change"],
  ...["MPSSVC Rule-Level Policy Change", "Filtering Platform Policy Change", "Other Policy Change Events"],
  ...["User Account Management", "Computer Account Management", "Security Group Management"],
  ...["Distribution Group Management", "Application Group Management", "Other Account Management Events"],
  ...["Directory Service Access", "Directory Service Changes", "Directory Service Replication"],
  ...["Detailed Directory Service Replication", "Credential Validation"],
  ...["Kerberos Service Ticket Operations", "Other Account Logon Events", "Kerberos Authentication Service"],
  ...["Network Policy Server", "Detailed File Share", "Removable Storage", "Central Policy Staging"],
  ...["User / Device Claims", "Plug and Play Events", "Group Membership", "Token Right Adjusted Events"],
];
const FIRST = 0x0cce_9210;

/** By GUID in lower case. */
export const AUDIT_SUBCATEGORIES: Readonly<Record<string, string>> = Object.fromEntries(
  NAMES.map((name, index) => [`${(FIRST + index).toString(16).padStart(8, "0")}${SUFFIX}`, name]),
);

const VALUES = ["no auditing", "success", "failure", "success and failure"];
/** POLICY_AUDIT_EVENT_SUCCESS and _FAILURE. */
const MASK = 3;

export function auditSettings(policy: ReadonlyMap<string, number>): Item<"security">[] {
  return [...policy].flatMap(([guid, value]) => {
    const name = AUDIT_SUBCATEGORIES[guid];
    return name === undefined
      ? []
      : {
          key: `audit/subcategory/${guid}`,
          area: "audit" as const,
          name,
          value: VALUES[value & MASK]!,
          source: "audit policy of Windows",
        };
  });
}

/** A GUID in memory: its first three parts are numbers in little-endian order (MS-DTYP 2.3.4.2). */
export function encodeGuid(guid: string): Buffer {
  const [first = "", second = "", third = "", ...rest] = guid.split("-");
  const reversed = [first, second, third].map((part) => Buffer.from(part, "hex").reverse());
  return Buffer.concat([...reversed, Buffer.from(rest.join(""), "hex")]);
}
