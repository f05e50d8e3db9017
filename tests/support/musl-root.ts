// A root folder with musl in place of glibc, as on Alpine: musl's loader, libstdc++ and busybox. It has
// Debian's build of libstdc++, and a library with the few functions of glibc that this build calls.
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandResult, runCommand } from "../../harness/command.ts";
import { findOrInstall, installPackages } from "../../harness/debian.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

export interface MuslRoot extends AsyncDisposable {
  path: string;
  /** Runs a program of the root, with /proc of this machine. */
  run(args: string[], options?: { stdin?: string }): Promise<CommandResult>;
}

const MUSL = "/lib/x86_64-linux-musl/libc.so";
const LIBRARIES = "/usr/lib/x86_64-linux-gnu";

/** Returns why this machine cannot make such a root; undefined: it can. */
export function whyNoMusl(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64" || process.getuid?.() !== 0)
    return "a root with musl needs root on Linux x64";
  return undefined;
}

export async function openMuslRoot(): Promise<MuslRoot> {
  await using opening = new AsyncDisposableStack();
  if (!existsSync(MUSL)) await installPackages(["musl"]);
  if (!isStatic("/bin/busybox")) await installPackages(["busybox-static"]);
  const gcc = await findOrInstall("gcc");
  const root = opening.use(openTemporaryFolder("musl")).path;
  for (const folder of ["lib", "usr/lib", "bin", "proc", "etc", "tmp", "var/lib"])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(MUSL, join(root, "lib/ld-musl-x86_64.so.1"));
  for (const [source, name] of [
    [`${LIBRARIES}/libstdc++.so.6`, "libstdc++.so.6"],
    ["/lib/x86_64-linux-gnu/libgcc_s.so.1", "libgcc_s.so.1"],
  ] as const)
    copyFileSync(source, join(root, "usr/lib", name));
  const symbols = join(import.meta.dir, "musl-root/glibc-symbols.c");
  const library = join(root, "usr/lib/ld-linux-x86-64.so.2");
  const flags = ["-shared", "-fPIC", "-nostdlib", "-O2", "-Wl,-soname,ld-linux-x86-64.so.2"];
  const { code, stderr } = await runCommand([gcc, ...flags, symbols, "-o", library]);
  if (code !== 0) throw new Error(`gcc failed:\n${stderr}`);
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  for (const name of ["sh", "uname", "sed", "head", "cut"]) symlinkSync("busybox", join(root, "bin", name));
  writeFileSync(join(root, "etc/os-release"), 'ID=alpine\nVERSION_ID=3.20.0\nPRETTY_NAME="Alpine Linux"\n');
  writeFileSync(join(root, "etc/hostname"), "alpine\n");
  const opened = opening.move();
  return {
    path: root,
    run(args, options) {
      const enter = `mount -t proc proc ${root}/proc && exec chroot ${root} "$@"`;
      const command = ["unshare", "--mount", "--fork", "/bin/sh", "-c", enter, "sh", ...args];
      return runCommand(command, { ...options, env: { PATH: `${process.env.PATH}:/bin` } });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A program that names no loader runs in any root. */
function isStatic(program: string): boolean {
  return existsSync(program) && !readFileSync(program).includes("/ld-linux");
}
