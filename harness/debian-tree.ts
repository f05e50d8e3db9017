// Root file systems of Debian releases with systemd, for tests that boot a host. Made once by debootstrap(8),
// and never changed: a test boots a layer above one.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { ROOT } from "./terminal.ts";

export const DEBIAN_RELEASES = ["bullseye", "bookworm", "trixie"] as const;
export type DebianRelease = (typeof DEBIAN_RELEASES)[number];

/** The variable TEST_TREES names a folder with trees that are already there, one for each release. */
const FOLDER = process.env.TEST_TREES ?? join(ROOT, ".cache/trees");

/** Returns the folder of the tree. Makes it in a minute if necessary. Throws if that is not possible. */
export async function findDebianTree(release: DebianRelease): Promise<string> {
  const tree = join(FOLDER, release);
  if (existsSync(tree)) return tree;
  const debootstrap = await findOrInstall("debootstrap");
  mkdirSync(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `.${release}.${process.pid}`);
  try {
    const options = ["--variant=minbase", "--include=systemd-sysv,dbus"];
    const { code, stdout, stderr } = await runCommand([debootstrap, ...options, release, unfinished]);
    if (code !== 0) throw new Error(`debootstrap failed:\n${`${stdout}${stderr}`.slice(-2_000)}`);
    // Another test may have been faster.
    if (!existsSync(tree)) renameSync(unfinished, tree);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return tree;
}
