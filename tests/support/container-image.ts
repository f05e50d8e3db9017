// An image made by the instructions of a Dockerfile, and its containers, for machines without a container
// runtime. A container is a chroot in the image, with namespaces, separate mounts and capabilities on a
// host.
import { chmodSync, copyFileSync, mkdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { validate } from "dockerfile-utils";
import { findDebianTree } from "../../harness/debian-tree.ts";
import type { SystemdHost } from "./systemd-host.ts";

/** Where the host has the image. */
const IMAGE = "/var/lib/image";

/** Dispose it after the host. */
export interface Image extends Disposable {
  /** Mounts the image below the root folder of a host that is off. */
  mountBelow(root: string): void;
  entrypoint: string[];
}

export interface Container {
  args: string[];
  /** Paths of the host, with their places in the container. */
  mounts: { source: string; target: string; isReadOnly: boolean }[];
  /** E.g. `DAC_READ_SEARCH`. The container has no other. */
  capabilities: string[];
}

/** Throws for an instruction that it does not know. `context`: the folder with the files. */
export async function buildImage(dockerfile: string, context: string, work: string): Promise<Image> {
  const problems = validate(dockerfile);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  const layer = join(work, "layer");
  for (const name of ["layer", "work"]) mkdirSync(join(work, name), { recursive: true });
  let base: string | undefined;
  let entrypoint: string[] = [];
  for (const line of dockerfile.trim().split("\n")) {
    const [instruction = "", ...words] = line.split(" ");
    if (instruction === "FROM" && words[0] === "debian:trixie-slim") base = await findDebianTree("trixie");
    else if (instruction === "COPY" && words.length === 2) {
      const [source, target] = words as [string, string];
      mkdirSync(join(layer, target, ".."), { recursive: true });
      copyFileSync(join(context, source), join(layer, target));
      chmodSync(join(layer, target), statSync(join(context, source)).mode);
    } else if (instruction === "ENTRYPOINT") entrypoint = JSON.parse(words.join(" "));
    else throw new Error(`unknown instruction: ${line}`);
  }
  if (base === undefined) throw new Error("the image has no base");
  const options = `lowerdir=${layer}:${base},upperdir=${join(work, "work", "upper")},workdir=${join(work, "work", "work")}`;
  let isMounted = false;
  return {
    entrypoint,
    [Symbol.dispose]() {
      if (isMounted) run(["umount", join(work, "work")]);
    },
    mountBelow(root) {
      // overlayfs needs another file system for its upper layer than the one below.
      run(["mount", "-t", "tmpfs", "tmpfs", join(work, "work")]);
      isMounted = true;
      for (const name of ["upper", "work"]) mkdirSync(join(work, "work", name));
      mkdirSync(join(root, IMAGE), { recursive: true });
      run(["mount", "-t", "overlay", "overlay", "-o", options, join(root, IMAGE)]);
      for (const folder of ["host", "var/lib/attacklens-sensor", "run/secrets/attacklens"])
        mkdirSync(join(root, IMAGE, folder), { recursive: true });
    },
  };
}

/**
 * Returns the command line that runs a container on the host, in the host's namespaces of the network and of
 * the name.
 */
export function containerCommand(host: SystemdHost, { entrypoint }: Image, container: Container): string[] {
  const { args, mounts, capabilities } = container;
  const binds = mounts.map(({ source, target, isReadOnly }) => {
    const options = isReadOnly ? "--options ro=recursive" : "";
    return `mount --rbind ${options} ${source} ${IMAGE}${target}`;
  });
  const granted = capabilities.map((name) => `,+${name.toLowerCase()}`).join("");
  const rights = `setpriv --no-new-privs --inh-caps=-all --bounding-set=-all${granted}`;
  const script = [
    "set -e",
    "mount --make-rprivate /",
    ...binds,
    `mount -t proc proc ${IMAGE}/proc`,
    `mount -t tmpfs tmpfs ${IMAGE}/tmp`,
    `exec chroot ${IMAGE} ${rights} "$@"`,
  ].join("\n");
  const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"];
  return host.command([...unshare, ...entrypoint, ...args]);
}

function run(command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.map((word) => basename(word)).join(" ")}: ${stderr}`);
}
