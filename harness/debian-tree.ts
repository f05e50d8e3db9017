// Root file systems of Debian releases with systemd, for tests that boot a host. Made once by
// mmdebstrap(1), in a third of the time of debootstrap(8), and never changed: a test boots a layer above one.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { findOrInstall } from "./debian.ts";

export const DEBIAN_RELEASES = ["bullseye", "bookworm", "trixie"] as const;
export type DebianRelease = (typeof DEBIAN_RELEASES)[number];

/** The trees are the same for each clone on this machine. Making one takes 24 seconds of CPU. */
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
const FOLDER = process.env.TEST_TREES ?? join(CACHE, "attacklens-test-trees");

/** Arguments: the tree, its name while it is made, the release, its packages. */
const MAKE = `test -e "$1" || { mmdebstrap --variant=apt --include="$4" --dpkgopt=force-unsafe-io "$3" "$2" && \
  mv "$2" "$1"; }`;

/**
 * Returns the folder of the tree. Makes it in half a minute if necessary, once for all tests that run at the
 * same time. Throws if that is not possible.
 */
export function findDebianTree(release: DebianRelease): Promise<string> {
  return findTree(release, release, "systemd-sysv,dbus,passwd");
}

/**
 * Starts to make the tree of the short form, if this machine can. The tests that need it wait for it, and
 * report why it fails.
 */
export function prepareDebianTree(): void {
  if (process.getuid?.() === 0 && Bun.which("mmdebstrap")) findDebianTree("bookworm").catch(() => {});
}

/** Like `findDebianTree`: the first release whose wine runs programs of Bun, without further libraries. */
export function findWineTree(): Promise<string> {
  return findTree("trixie-wine", "trixie", "wine,wine64");
}

async function findTree(name: string, release: DebianRelease, packages: string): Promise<string> {
  const tree = join(FOLDER, name);
  if (existsSync(tree)) return tree;
  await findOrInstall("mmdebstrap");
  mkdirSync(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `.${name}.${process.pid}`);
  try {
    const lock = join(FOLDER, `.${name}.lock`);
    const make = ["flock", lock, "sh", "-c", MAKE, "sh", tree, unfinished, release, packages];
    const { code, stdout, stderr } = await runCommand(make);
    if (code !== 0) throw new Error(`mmdebstrap failed:\n${`${stdout}${stderr}`.slice(-2_000)}`);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return tree;
}
