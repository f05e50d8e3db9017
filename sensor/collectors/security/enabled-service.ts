// Whether a service starts with the host, where distributions name it differently.
import type { HostFiles } from "../host-files.ts";
import { findServiceStart } from "./service-start.ts";

/** `names`: of the unit without its type, and of the script. Undefined if the host has none of them. */
export function serviceState(files: HostFiles, names: readonly string[]): "enabled" | "disabled" | undefined {
  const found = names.flatMap((name) => findServiceStart(files, `${name}.service`) ?? []);
  if (found.length === 0) return undefined;
  return found.some(({ isEnabled }) => isEnabled) ? "enabled" : "disabled";
}
