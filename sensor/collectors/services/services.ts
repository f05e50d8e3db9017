// The services of the init system: of systemd, otherwise of OpenRC, runit or SysV.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { listUnitFolders } from "./search-path.ts";
import { systemdServices } from "./systemd-services.ts";

export async function collectServices(files: HostFiles): Promise<Item<"services">[]> {
  const folders = listUnitFolders(files);
  if (folders.length === 0) throw new NotOnThisHost("no systemd");
  return await systemdServices(files, folders);
}
