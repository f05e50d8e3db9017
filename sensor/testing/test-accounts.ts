// A host with four accounts, to see what files of sudo and doas let them do.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { openHostFiles } from "../collectors/host-files.ts";
import { collectUsers } from "../collectors/users/users.ts";

type User = Extract<Item<"users">, { kind: "user" }>;
type Group = Extract<Item<"users">, { kind: "group" }>;

const ACCOUNTS: Record<string, string> = {
  "/etc/passwd": `root:x:0:0:root:/root:/bin/sh
www:x:33:33::/:/bin/sh
alice:x:1000:1000::/:/bin/sh
bob:x:1001:1001::/:/bin/sh
carol:x:1002:50::/:/bin/sh
`,
  "/etc/group": `root:x:0:
wheel:x:10:alice
sudo:x:27:bob
www:x:33:
staff:x:50:
alice:x:1000:
bob:x:1001:
`,
  "/etc/hostname": "web-01\n",
  "/usr/bin/sudo": "",
};

/** Files by path, besides or instead of those of the accounts. Undefined: there is no such file. */
export async function collectAccounts(files: Record<string, string | undefined>) {
  const root = mkdtempSync(join(tmpdir(), "attacklens-accounts-"));
  for (const [path, content] of Object.entries({ ...ACCOUNTS, ...files })) {
    if (content === undefined) continue;
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const host = openHostFiles(root);
  const items = [...collectUsers(host)];
  rmSync(root, { recursive: true });
  const user = (name: string) => items.find(({ key }) => key === `user:${name}`) as User;
  return {
    user,
    group: (name: string) => items.find(({ key }) => key === `group:${name}`) as Group,
    gaps: host.listGaps(),
    /** `sudo wheel: ALL as root, own` */
    rights: (name: string) => user(name).privileges.map(inWords),
  };
}

function inWords({
  source,
  group,
  runAs,
  runAsGroups,
  commands,
  password,
}: User["privileges"][number]): string {
  const target = [runAs, ...(runAsGroups ? [runAsGroups] : [])].map((each) => each.join(" ")).join(":");
  return `${source}${group ? ` ${group}` : ""}: ${commands.join(", ")} as ${target}, ${password}`;
}
