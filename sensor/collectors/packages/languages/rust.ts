// Crates of Rust: the list that cargo-auditable embeds into programs, and what `cargo install` records.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../../host-files.ts";
import type { HostFile } from "../../open-regular-file.ts";
import { packageItem } from "../package-source.ts";
import { formatPurl } from "../purl.ts";
import type { Elf } from "./elf.ts";
import { listApplicationFolders } from "./places.ts";

const SECTION = ".dep-v0";
const MAX_SECTION_BYTES = 1024 * 1024;
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const INSTALL_FOLDERS = ["/root/.cargo", "/usr/local/cargo", "/usr/local", "/usr"];

/** The section has JSON, compressed by zlib. Crates that only build the program are not in it. */
export function* readEmbeddedCrates(
  file: HostFile,
  { sections }: Elf,
  path: string,
): Generator<Item<"packages">> {
  const section = sections.get(SECTION);
  if (section === undefined) return;
  if (section.size > MAX_SECTION_BYTES) throw new RangeError("its list of crates is too long");
  for (const { name, version, kind } of parseCrates(file.readAt(section.offset, section.size)))
    if (typeof name === "string" && typeof version === "string" && kind !== "build")
      yield crateItem(name, version, path);
}

function parseCrates(bytes: Uint8Array): { name?: unknown; version?: unknown; kind?: unknown }[] {
  try {
    // Loaded here, because it takes longer than reading the packages of most hosts.
    const { inflateSync } = require("node:zlib") as typeof import("node:zlib");
    const text = inflateSync(bytes, { maxOutputLength: MAX_LIST_BYTES }).toString("utf8");
    const { packages } = JSON.parse(text);
    return Array.isArray(packages) ? packages.filter((one) => one !== null && typeof one === "object") : [];
  } catch {
    throw new RangeError("its list of crates cannot be read");
  }
}

/** `.crates2.json` has a key such as `ripgrep 14.1.0 (registry+https://…)` for each installed crate. */
export function* readInstalledCrates(files: HostFiles): Generator<Item<"packages">> {
  for (const folder of [...INSTALL_FOLDERS, ...listApplicationFolders(files)]) {
    const path = `${folder}/.crates2.json`;
    const text = files.findText(path);
    if (text === undefined) continue;
    const keys = parseInstalls(text);
    if (keys === undefined) files.noteGap({ kind: "damaged", subject: path, reason: "it is not JSON" });
    for (const key of keys ?? []) {
      const [name, version] = key.split(" ");
      if (name && version) yield crateItem(name, version, folder);
    }
  }
}

function parseInstalls(text: string): string[] | undefined {
  try {
    return Object.keys(JSON.parse(text).installs ?? {});
  } catch {
    return undefined;
  }
}

function crateItem(name: string, version: string, location: string): Item<"packages"> {
  return packageItem("cargo", location, {
    name,
    version,
    purl: formatPurl({ type: "cargo", name, version }),
    location,
  });
}
