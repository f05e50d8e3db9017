// Containers and images, where the state of a runtime is in files: Docker, Podman, CRI-O and containerd,
// those of users too.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { openLocalPaths } from "../system/local-path.ts";
import { parsePasswd } from "../users/passwd.ts";
import { MAX_PASSWD_BYTES } from "../users/user-names.ts";
import { readContainerd } from "./containerd.ts";
import { readContainersStorage } from "./containers-storage.ts";
import { dockerFolder, readDocker } from "./docker.ts";

const STORAGE = "/var/lib/containers/storage";
const MAX_USERS = 10_000;
const FIRST_USER = 1_000;

export function collectContainers(files: HostFiles): Item<"containers">[] {
  const folder = dockerFolder(files);
  const parts = [
    ...readDocker(files, folder),
    ...readContainersStorage(files, STORAGE, "/run"),
    ...readContainerd(files),
    ...rootless(files),
  ];
  const isInstalled = [folder, STORAGE, "/var/lib/containerd"].some((path) => files.exists(path));
  if (parts.length === 0 && !isInstalled && files.listGaps().length === 0)
    throw new NotOnThisHost("no state of a container runtime");
  return parts;
}

/** The runtimes of users without rights of root. */
function rootless(files: HostFiles): Item<"containers">[] {
  const isLocal = openLocalPaths(files);
  const homes = new Map<string, { name: string; uid: number }>();
  for (const { name, uid, home } of parsePasswd(files.findText("/etc/passwd", MAX_PASSWD_BYTES) ?? "")) {
    if (uid < FIRST_USER || !home.startsWith("/") || home === "/" || homes.has(home)) continue;
    if (homes.size >= MAX_USERS) {
      const reason = `more than ${MAX_USERS} accounts`;
      files.noteGap({ kind: "limit", subject: "containers of accounts", reason });
      break;
    }
    homes.set(home, { name, uid });
  }
  return [...homes].flatMap(([home, { name, uid }]) => {
    const data = `${home}/.local/share`;
    if (!isLocal(data)) return [];
    const user = factText(name, 150);
    return [
      ...(files.exists(`${data}/docker`) ? readDocker(files, `${data}/docker`, user) : []),
      ...(files.exists(`${data}/containers/storage`)
        ? readContainersStorage(files, `${data}/containers/storage`, `/run/user/${uid}`, user)
        : []),
    ];
  });
}
