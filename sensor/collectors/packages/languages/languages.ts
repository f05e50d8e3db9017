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

type Reader = (files: HostFiles, programs: readonly RunningProgram[]) => Iterable<Item<"packages">>;

const READERS: Readonly<Record<string, Reader>> = {
  Python: readPythonPackages,
  npm: readNpmPackages,
  RubyGems: readGems,
  Cargo: readInstalledCrates,
  "Go and Rust": readProgramParts,
  Maven: readJars,
};

const MAX_ITEMS = 20_000;
/** Less than a category has, because the packages of the system come first. */
const MAX_MS = 5_000;

export function* readLanguagePackages(files: HostFiles): Generator<Item<"packages">> {
  const endsAt = performance.now() + MAX_MS;
  const programs = listRunningPrograms(files);
  for (const [language, read] of Object.entries(READERS)) {
    const subject = `packages of ${language}`;
    let count = 0;
    for (const item of read(files, programs)) {
      count += 1;
      const isLate = performance.now() > endsAt;
      if (count > MAX_ITEMS || isLate) {
        const reason = isLate ? `it took more than ${MAX_MS / 1_000} seconds` : `more than ${MAX_ITEMS}`;
        files.noteGap({ kind: "limit", subject, reason });
        break;
      }
      yield item;
    }
  }
}
