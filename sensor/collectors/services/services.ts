// The services of the init system: of systemd, OpenRC or SysV, and those of runit beside it.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { hasOpenrc, openrcServices } from "./openrc.ts";
import { runitServices } from "./runit.ts";
import { listUnitFolders } from "./search-path.ts";
import { systemdServices } from "./systemd-services.ts";
import { sysvServices } from "./sysv.ts";
import { isUnitName } from "./unit-name.ts";

export async function* collectServices(files: HostFiles): AsyncGenerator<Item<"services">> {
  let isEmpty = true;
  for (const items of [await initServices(files), runitServices(files)]) {
    for (const item of items) {
      isEmpty = false;
      yield item;
    }
  }
  if (isEmpty) throw new NotOnThisHost("no service of systemd, OpenRC, runit or SysV");
}

async function initServices(files: HostFiles): Promise<Iterable<Item<"services">>> {
  if (hasOpenrc(files)) return openrcServices(files);
  const folders = isWithoutSystemd(files) ? [] : listUnitFolders(files, isUnitName);
  return folders.length > 0 ? await systemdServices(files, folders) : sysvServices(files);
}

/** Packages bring unit files also to a host with another init system. */
function isWithoutSystemd(files: HostFiles): boolean {
  if (files.exists("/run/systemd/system") || !files.exists("/etc/inittab")) return false;
  return !["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].some(files.exists);
}
