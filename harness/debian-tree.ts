// Root file systems of Debian releases with systemd, for tests that boot a host. Made once by
// mmdebstrap(1), in a third of the time of debootstrap(8), and never changed: a test boots a layer above one.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { ROOT } from "./terminal.ts";

export const DEBIAN_RELEASES = ["bullseye", "bookworm", "trixie"] as const;
export type DebianRelease = (typeof DEBIAN_RELEASES)[number];

/** The variable TEST_TREES names a folder with trees that are already there, one for each release. */
const FOLDER = process.env.TEST_TREES ?? join(ROOT, ".cache/trees");

/** Returns the folder of the tree. Makes it in half a minute if necessary. Throws if that is not possible. */
export async function findDebianTree(release: DebianRelease): Promise<string> {
  const tree = join(FOLDER, release);
  if (existsSync(tree)) return tree;
  const mmdebstrap = await findOrInstall("mmdebstrap");
  mkdirSync(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `.${release}.${process.pid}`);
  try {
    const options = ["--variant=apt", "--include=systemd-sysv,dbus", "--dpkgopt=force-unsafe-io"];
    const { code, stdout, stderr } = await runCommand([mmdebstrap, ...options, release, unfinished]);
    if (code !== 0) throw new Error(`mmdebstrap failed:\n${`${stdout}${stderr}`.slice(-2_000)}`);
    // Another test may have been faster.
    if (!existsSync(tree)) renameSync(unfinished, tree);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return tree;
}
