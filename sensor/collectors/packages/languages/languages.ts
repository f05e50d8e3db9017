// Packages of programming languages, in known places and of running programs. No folder is searched for them.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../../host-files.ts";
import { readGems } from "./gem.ts";
import { readJars } from "./jar.ts";
import { readNpmPackages } from "./npm.ts";
import { readProgramParts } from "./programs-with-parts.ts";
import { readPythonPackages } from "./python.ts";
import { listRunningPrograms, type RunningProgram } from "./running-programs.ts";
import { readInstalledCrates } from "./rust.ts";

/** `isFull`: the report has no place for more, so that they are only counted. */
type Reader = (
  files: HostFiles,
  programs: readonly RunningProgram[],
  isFull: () => boolean,
) => Iterable<Item<"packages">>;

const READERS: Readonly<Record<string, Reader>> = {
  Python: readPythonPackages,
  npm: readNpmPackages,
  RubyGems: readGems,
  Cargo: readInstalledCrates,
  "Go and Rust": readProgramParts,
  Maven: readJars,
};

/** Less than a category has, because the packages of the system come first. */
const MAX_MS = 6_000;

export function* readLanguagePackages(
  files: HostFiles,
  isFull: () => boolean = () => false,
): Generator<Item<"packages">> {
  const endsAt = performance.now() + MAX_MS;
  const programs = listRunningPrograms(files);
  for (const [language, read] of Object.entries(READERS)) {
    for (const item of read(files, programs, isFull)) {
      if (performance.now() > endsAt) {
        const reason = `it took more than ${MAX_MS / 1_000} seconds`;
        files.noteGap({ kind: "limit", subject: `packages of ${language}`, reason });
        break;
      }
      yield item;
    }
  }
}
