// A host with Windows that is not one: wine in a tree of Debian. It has a registry, services, sockets,
// accounts and files. It shares this machine's network, so that it reaches servers on 127.0.0.1. Needs root
// on Linux.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type CommandResult, runCommand } from "../../harness/command.ts";
import { findWineTree } from "../../harness/debian-tree.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

export interface WineHost extends Disposable {
  /** The disk C, as this machine sees it. */
  disk: string;
  /** A folder of this machine that programs of the host see as `Z:\mnt\share`. */
  share: string;
  /**
   * Runs programs of Windows one after another, e.g. `["reg", "import", "x.reg"]`, and ends what they
   * started.
   */
  run(args: string[], options?: { stdin?: string }): Promise<CommandResult>;
}

/** Arguments: the tree, the folder of the host, then the command. */
const IN_TREE = `
mount --make-rprivate /
mount --bind "$1" "$2/root"
for kernel in proc sys dev; do mount --rbind /$kernel "$2/root/$kernel"; done
for empty in tmp run mnt; do mount -t tmpfs tmpfs "$2/root/$empty"; done
mkdir "$2/root/mnt/prefix" "$2/root/mnt/share"
mount --bind "$2/prefix" "$2/root/mnt/prefix"
mount --bind "$2/share" "$2/root/mnt/share"
root="$2/root"
shift 2
exec chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 WINEPREFIX=/mnt/prefix/wine \
  WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml= sh -c \
  'cd /mnt/share; wine "$@"; code=$?; wineserver -k; wineserver -w; exit $code' sh "$@"
`;

/** Returns why this machine cannot run wine; undefined: it can. */
export function whyNoWine(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "wine needs Linux on x64";
  if (process.getuid?.() !== 0) return "a tree of Debian needs root";
  const mounts = Bun.spawnSync(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], {
    stderr: "ignore",
  });
  return mounts.exitCode === 0 ? undefined : "mounts are not allowed";
}

/** Its disk is gone when it is disposed. Takes half a minute. */
export async function openWineHost(): Promise<WineHost> {
  const tree = await findWineTree();
  const folder = openTemporaryFolder("wine");
  for (const name of ["root", "prefix", "share"]) mkdirSync(join(folder.path, name));
  const host: WineHost = {
    disk: join(folder.path, "prefix/wine/drive_c"),
    share: join(folder.path, "share"),
    run: (args, { stdin } = {}) =>
      runCommand(["unshare", "--mount", "sh", "-ec", IN_TREE, "sh", tree, folder.path, ...args], { stdin }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
  const { stderr } = await host.run(["winecfg", "-v", "win10"]);
  if (existsSync(host.disk)) return host;
  folder[Symbol.dispose]();
  throw new Error(`wine does not start:\n${stderr.slice(-2_000)}`);
}
