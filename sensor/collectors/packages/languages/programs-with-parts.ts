// Packages that are compiled into programs: modules of Go, from the information that its linker embeds, and
// crates of Rust, from the list that cargo-auditable embeds. Looks at running programs and in the folders
// for programs that no package manager installed.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { CannotRead } from "../../collector.ts";
import { firstOf } from "../../first-of.ts";
import type { HostFiles } from "../../host-files.ts";
import type { HostFile } from "../../open-regular-file.ts";
import { readElf } from "./elf.ts";
import { readGoModules } from "./go.ts";
import { listApplicationFolders } from "./places.ts";
import type { RunningProgram } from "./running-programs.ts";
import { readEmbeddedCrates } from "./rust.ts";

const FOLDERS = [
  "/usr/local/bin",
  "/usr/local/sbin",
  "/root/go/bin",
  "/root/.cargo/bin",
  "/usr/local/cargo/bin",
];
const MAX_PROGRAMS = 2_000;

export function* readProgramParts(
  files: HostFiles,
  programs: readonly RunningProgram[],
): Generator<Item<"packages">> {
  const folders = [...FOLDERS, ...listApplicationFolders(files).map((folder) => posix.join(folder, "bin"))];
  const installed = folders.flatMap((folder) =>
    files.listEntries(folder).flatMap(({ name, kind }) => (kind === "file" ? posix.join(folder, name) : [])),
  );
  const paths = [...new Set([...programs.map(({ executable }) => executable), ...installed])];
  for (const path of firstOf(files, "programs", paths, MAX_PROGRAMS, "read")) {
    using file = openProgram(files, path);
    if (file === undefined) continue;
    try {
      const elf = readElf(file);
      if (elf === undefined) continue;
      yield* readGoModules(file, elf, path);
      yield* readEmbeddedCrates(file, elf, path);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      files.noteGap({ kind: "damaged", subject: path, reason: error.message });
    }
  }
}

/** A program that was replaced since it started is not there under its path, or is another one. */
function openProgram(files: HostFiles, path: string): HostFile | undefined {
  try {
    return files.open(path);
  } catch (error) {
    if (!(error instanceof CannotRead)) throw error;
    files.noteGap({ kind: error.kind, subject: error.subject, reason: error.reason });
    return undefined;
  }
}
