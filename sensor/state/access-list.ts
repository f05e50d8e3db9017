// The access lists of Windows in their text form, SDDL (MS-DTYP 2.5.1): who may read the sensor's key.

const LOCAL_SYSTEM = "SY";
const ADMINISTRATORS = "BA";
/** The built-in account. */
const LOCAL_ADMINISTRATOR = "LA";
const DOMAIN_ADMINS = "DA";
/** Installs Windows and owns its folders. */
const TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
/** Accounts that may own the state folder: they can change everything on the host anyway. */
export const TRUSTED_OWNERS = [
  LOCAL_SYSTEM,
  ADMINISTRATORS,
  TRUSTED_INSTALLER,
  LOCAL_ADMINISTRATOR,
  DOMAIN_ADMINS,
];

/** Accounts that may read the state, beside the user without elevation whose state it is. */
export const TRUSTED_READERS = [LOCAL_SYSTEM, ADMINISTRATORS];

export interface AccessList {
  /** A SID, or the two letters of a well-known one. */
  owner: string | undefined;
  /** Whether it ignores the access list of the folder above. */
  isProtected: boolean;
  /** Accounts with any right. "WD", everyone, if there is no list. */
  allowed: string[];
}

/**
 * Full access for SYSTEM, Administrators and `user` only, and nothing from the folder above. What is made in
 * a folder inherits it. Without `user`, the owner is Administrators.
 */
export function protectedAccess(kind: "folder" | "file", user?: string): string {
  const flags = kind === "folder" ? "OICI" : "";
  const accounts = [LOCAL_SYSTEM, ADMINISTRATORS, ...(user === undefined ? [] : [user])];
  const owner = user === undefined ? `O:${ADMINISTRATORS}` : "";
  return `${owner}D:PAI${accounts.map((account) => `(A;${flags};FA;;;${account})`).join("")}`;
}

/** `O:BAG:SYD:PAI(A;OICI;FA;;;SY)…` */
export function parseAccessList(sddl: string): AccessList {
  const owner = /^O:(.*?)(?=G:|D:|S:|$)/.exec(sddl)?.[1];
  const at = startOfList(sddl);
  const list = at < 0 ? "NO_ACCESS_CONTROL" : sddl.slice(at);
  const flags = /^[A-Z_]*/.exec(list)?.[0] ?? "";
  // Without a list, everyone has all rights. With an empty one, no account has any.
  if (flags.includes("NO_ACCESS_CONTROL")) return { owner, isProtected: false, allowed: ["WD"] };
  const allowed = entriesOf(list.slice(flags.length)).flatMap((entry) => {
    const [type = "", , , , , account = ""] = entry.split(";");
    return isDenial(type) ? [] : account;
  });
  return { owner, isProtected: flags.includes("P"), allowed: [...new Set(allowed)] };
}

/** Accounts with a right that are not in `expected`. */
export function findOtherAccounts({ allowed }: AccessList, expected: readonly string[]): string[] {
  return allowed.filter((account) => !expected.includes(account));
}

/** Behind `D:`. The owner and the group before it contain no colon. */
function startOfList(sddl: string): number {
  const end = sddl.indexOf("(");
  const at = (end < 0 ? sddl : sddl.slice(0, end)).indexOf("D:");
  return at < 0 ? -1 : at + 2;
}

/** The entries in parentheses, up to the audit list. Conditions inside an entry have parentheses, too. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(" && ++depth === 1) start = at + 1;
    else if (text[at] === ")" && --depth === 0) entries.push(text.slice(start, at));
    else if (depth === 0 && text[at] === "S") break;
  }
  return entries;
}

/** Denials: D, OD and XD. What is unknown counts as a permission. */
function isDenial(type: string): boolean {
  return ["D", "OD", "XD"].includes(type);
}
