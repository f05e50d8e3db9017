// The real sudo, as an oracle: that of this machine, or of a Debian release. It runs in a layer above its
// root, with four accounts and in a network without names, so that the machine stays as it is.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "../../../../../harness/command.ts";
import { installPackages } from "../../../../../harness/debian.ts";
import type { RandomSudoers } from "./random-sudoers.ts";

/** The accounts of the layer, and what sudo reads besides. */
export const ACCOUNT_FILES: Record<string, string> = {
  "etc/passwd":
    "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\ncarol:x:1002:1002::/:/bin/sh\ndave:x:1003:1003::/:/bin/sh\n",
  "etc/group":
    "root:x:0:\nwww:x:33:\nwheel:x:10:alice,carol\nstaff:x:50:bob,carol\nalice:x:1000:\nbob:x:1001:\ncarol:x:1002:\ndave:x:1003:\n",
  "etc/shadow":
    "root:*:1::::::\nwww:*:1::::::\nalice:*:1::::::\nbob:*:1::::::\ncarol:*:1::::::\ndave:*:1::::::\n",
  "etc/hosts": "127.0.0.1 localhost\n192.0.2.7 web-01.corp web-01\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
  "etc/pam.d/sudo":
    "auth required pam_unix.so nodelay\naccount required pam_permit.so\nsession required pam_permit.so\n",
};
export const CALLERS = ["alice", "bob", "carol", "dave"];
export const TARGETS = ["root", "bob", "www"];
export const PROGRAMS = ["/usr/bin/id", "/usr/bin/ls"];

/** Arguments: the root, a folder with cases, whether to ask for each command. */
const SCRIPT = `set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root /mnt/cases
mount --bind "$2" /mnt/cases
mount -t overlay overlay -o lowerdir="$1",upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mount --rbind /dev /mnt/root/dev
mkdir -p /mnt/root/cases
mount --bind /mnt/cases /mnt/root/cases
cp -r "$2"/files/etc /mnt/root/
hostname web-01
exec chroot /mnt/root sh /cases/run.sh "$3"
`;
const IN_CHROOT = `cd /cases
for each in [0-9]*; do
  rm -rf /etc/sudoers /etc/sudoers.*
  cp -r $each/etc/sudoers* /etc/
  chown -R 0:0 /etc/sudoers*
  chmod -R go-w /etc/sudoers*
  for user in ${CALLERS.join(" ")}; do
    sudo -ll -U $user 2>&1 </dev/null | cat > $each/list.$user
    [ "$1" = all ] || continue
    for target in ${TARGETS.join(" ")}; do for program in ${PROGRAMS.join(" ")}; do
      may=no
      sudo -l -U $user -u $target $program >/dev/null 2>&1 </dev/null && may=yes
      asked=$(runuser -u $user -- sudo -S -k -p 'asks:%p.' -u $target $program 2>&1 </dev/null | grep -ao 'asks:[a-z]*' | head -1)
      echo "$target $program $may $asked"
    done; done > $each/may.$user
  done
done
`;

export interface TestSudo {
  root: string;
  /** Writes the answers of sudo into the folders of the cases: `list.USER` and, with `all`, `may.USER`. */
  answer(folder: string, all: boolean): Promise<void>;
}

/** Undefined without root or if sudo cannot be installed. */
export async function findSudo(): Promise<TestSudo | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (!existsSync("/usr/bin/sudo")) await installPackages(["sudo"]);
  return existsSync("/usr/bin/sudo") ? openSudo("/") : undefined;
}

export function openSudo(root: string): TestSudo {
  return {
    root,
    async answer(folder, all) {
      writeFileSync(join(folder, "run.sh"), IN_CHROOT);
      for (const [path, text] of Object.entries(ACCOUNT_FILES)) write(join(folder, "files", path), text);
      const args = ["unshare", "--mount", "--uts", "--net", "sh", "-c", SCRIPT, "sh", root, folder];
      const { code, stderr } = await runCommand([...args, all ? "all" : "list"]);
      if (code !== 0 || stderr) throw new Error(`sudo cannot run in a layer: ${stderr}`);
    },
  };
}

/** Writes the files of a case, as the root of a host with that sudo. */
export function writeCase(folder: string, sudoers: RandomSudoers, version: string): void {
  const files = {
    ...ACCOUNT_FILES,
    "etc/sudoers": sudoers.main,
    "etc/sudoers.extra": sudoers.extra,
    "etc/hostname": "web-01\n",
    "etc/os-release": "ID=debian\n",
    "usr/bin/sudo": `\0${version}\0`,
  };
  mkdirSync(join(folder, "etc/sudoers.d"), { recursive: true });
  for (const [path, text] of Object.entries(files)) write(join(folder, path), text);
  for (const [name, text] of Object.entries(sudoers.dropIns))
    write(join(folder, "etc/sudoers.d", name), text);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The entries of `sudo -ll`, one line for each command. Digests are left out. */
export function readList(path: string): string[] {
  const entries: string[] = [];
  let [users, groups, password, inCommands] = ["", "", "", false];
  const text = readFileSync(path, "utf8");
  for (const line of text.slice(Math.max(0, text.indexOf("may run the following"))).split("\n")) {
    const [, label, value = ""] = /^ {4}(RunAsUsers|RunAsGroups|Options): (.*)$/.exec(line) ?? [];
    if (line.startsWith("Sudoers entry")) [users, groups, password, inCommands] = ["", "", "", false];
    else if (label === "RunAsUsers") users = value;
    else if (label === "RunAsGroups") groups = value;
    else if (label === "Options")
      password = value.split(", ").find((each) => /^!?authenticate$/.test(each)) ?? "";
    else if (line.startsWith("    Commands:")) inCommands = true;
    else if (inCommands && line.startsWith("\t"))
      entries.push(`(${users}:${groups}) ${password} ${line.trim().replace(/^(?:sha\d+:\S+ )+/, "")}`);
  }
  return entries;
}
