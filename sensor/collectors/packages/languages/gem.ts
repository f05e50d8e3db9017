// Ruby gems: the specifications in the folders of the system, of applications, and of running programs.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../../host-files.ts";
import { packageItem } from "../package-source.ts";
import { formatPurl } from "../purl.ts";
import { distinctFolders, listApplicationFolders } from "./places.ts";
import {
  ancestorsOf,
  listMappedFiles,
  pathOfArgument,
  type RunningProgram,
  readArguments,
  readWorkingFolder,
} from "./running-programs.ts";

const INTERPRETER = /^(?:ruby|jruby|truffleruby)[\d.]*$/;
/** Each has a folder for each version of Ruby, which has the specifications. */
const VERSIONED = [
  "/usr/lib/ruby/gems",
  "/usr/lib64/ruby/gems",
  "/usr/local/lib/ruby/gems",
  "/var/lib/gems",
  "/usr/share/rubygems-integration",
];
const HOMES = ["/usr/share/gems", "/usr/local/share/gems", "/usr/local/bundle"];
/** Below the prefix of an interpreter, and below an application that brings its own. */
const BELOW_PREFIX = ["lib/ruby/gems", "embedded/lib/ruby/gems", "vendor/bundle/ruby"];

export function* readGems(
  files: HostFiles,
  programs: readonly RunningProgram[],
  isFull: () => boolean,
): Generator<Item<"packages">> {
  const used = programs.filter(({ executable }) => INTERPRETER.test(posix.basename(executable)));
  const prefixes = [
    ...listApplicationFolders(files),
    ...used.flatMap((program) => prefixesOf(files, program)),
  ];
  const ofArchitectures = files
    .list("/usr/lib")
    .flatMap((name) => (name.includes("-linux-") ? `/usr/lib/${name}` : []));
  const versioned = [
    ...VERSIONED,
    ...ofArchitectures.flatMap((folder) => [`${folder}/ruby/gems`, `${folder}/rubygems-integration`]),
    ...prefixes.flatMap((prefix) => BELOW_PREFIX.map((folder) => posix.join(prefix, folder))),
  ];
  const homes = [
    ...versioned.flatMap((folder) => files.list(folder).map((version) => posix.join(folder, version))),
    ...HOMES,
    ...used.flatMap((program) => [...homesOfModules(files, program)]),
  ];
  for (const home of distinctFolders(files, homes)) {
    for (const folder of ["specifications", "specifications/default"])
      yield* readSpecifications(files, home, posix.join(home, folder), isFull);
  }
}

function prefixesOf(files: HostFiles, program: RunningProgram): string[] {
  const folder = readWorkingFolder(files, program);
  const script = readArguments(files, program)
    .slice(1)
    .find((argument) => !argument.startsWith("-"));
  const path = pathOfArgument(folder, script);
  const around = [path && posix.dirname(path), folder].flatMap((each) =>
    each ? ancestorsOf(each).slice(0, 4) : [],
  );
  return [posix.dirname(posix.dirname(program.executable)), ...around];
}

/** A loaded native module is in `home/extensions/…` or `home/gems/…`. */
function* homesOfModules(files: HostFiles, program: RunningProgram): Generator<string> {
  for (const path of listMappedFiles(files, program)) {
    const at = path.endsWith(".so") ? Math.max(path.indexOf("/extensions/"), path.lastIndexOf("/gems/")) : -1;
    if (at > 0) yield path.slice(0, at);
  }
}

function* readSpecifications(
  files: HostFiles,
  home: string,
  folder: string,
  isFull: () => boolean,
): Generator<Item<"packages">> {
  for (const name of files.list(folder)) {
    if (!name.endsWith(".gemspec")) continue;
    const text = isFull() ? undefined : files.findText(`${folder}/${name}`);
    const gem = parseStub(text ?? "") ?? parseFileName(name);
    if (gem === undefined) continue;
    yield packageItem("gem", home, {
      name: gem.name,
      version: gem.version,
      purl: formatPurl({
        type: "gem",
        name: gem.name,
        version: gem.version,
        qualifiers: { platform: gem.platform === "ruby" ? undefined : gem.platform },
      }),
      location: home,
    });
  }
}

interface Gem {
  name: string;
  version: string;
  platform?: string;
}

/**
 * RubyGems writes `# stub: rake 13.0.6 ruby lib` into the second line, so that the file need not run.
 */
export function parseStub(text: string): Gem | undefined {
  const at = text.slice(0, 2_000).indexOf("# stub: ");
  if (at < 0) return undefined;
  const [name, version, platform] = (text.slice(at + 8, at + 800).split("\n", 1)[0] ?? "").split(" ");
  return name && version ? { name, version, platform } : undefined;
}

/** `nokogiri-1.16.0-x86_64-linux.gemspec`. */
function parseFileName(file: string): Gem | undefined {
  const [, name, version, platform] = /^(.+?)-(\d[\w.]*)(?:-(.+))?\.gemspec$/.exec(file) ?? [];
  return name && version ? { name, version, platform } : undefined;
}
