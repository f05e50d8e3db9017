// The modules of a program of Go, from its section .go.buildinfo (debug/buildinfo of Go's library). Its build
// settings are not read: they contain arguments of the linker.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { viewOf } from "../../databases/random-access.ts";
import type { HostFile } from "../../open-regular-file.ts";
import { packageItem } from "../package-source.ts";
import { formatPurl } from "../purl.ts";
import type { Elf } from "./elf.ts";

const SECTION = ".go.buildinfo";
const MAGIC = "\xff Go buildinf:";
const FLAGS_AT = 15;
const STRINGS_AT = 32;
const MAX_VERSION_BYTES = 200;
const MAX_MODULES_BYTES = 1024 * 1024;
/** The text is between two marks of this length. */
const MARK_BYTES = 16;

export function* readGoModules(file: HostFile, elf: Elf, path: string): Generator<Item<"packages">> {
  const section = elf.sections.get(SECTION);
  if (section === undefined) return;
  const header = Buffer.from(file.readAt(section.offset, STRINGS_AT));
  if (header.length < STRINGS_AT || header.toString("latin1", 0, MAGIC.length) !== MAGIC) return;
  const hasStrings = ((header[FLAGS_AT] ?? 0) & 2) !== 0;
  const [version, text] = hasStrings
    ? readStrings(file, section.offset + STRINGS_AT)
    : readPointers(file, elf, header);
  // A version may have settings of the build after it.
  const [, release] = /^go(\d[\w.]*)/.exec(version) ?? [];
  if (release !== undefined) yield goItem("stdlib", release, path);
  for (const module of parseModules(text.slice(MARK_BYTES, -MARK_BYTES)))
    yield goItem(module.name, module.version, path);
}

/** Since Go 1.18: each text after its length, a number of seven bits a byte. */
function readStrings(file: HostFile, at: number): [string, string] {
  const bytes = Buffer.from(file.readAt(at, MAX_VERSION_BYTES + 10));
  const version = readLength(bytes, 0);
  if (version.value > MAX_VERSION_BYTES) throw new RangeError("the version of Go is too long");
  const modules = readLength(bytes, version.end + version.value);
  return [
    bytes.toString("utf8", version.end, version.end + version.value),
    readText(file, at + modules.end, modules.value),
  ];
}

function readLength(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new RangeError("its information about modules is cut short");
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return { value, end: at + index + 1 };
  }
  throw new RangeError("its information about modules is too long");
}

/** Before Go 1.18: pointers to texts of Go, which are a pointer and a length. */
function readPointers(file: HostFile, { is64, offsetOf }: Elf, header: Buffer): [string, string] {
  const bigEndian = ((header[FLAGS_AT] ?? 0) & 1) !== 0;
  const size = is64 ? 8 : 4;
  const pointerAt = (bytes: Uint8Array, at: number) =>
    is64 ? Number(viewOf(bytes).getBigUint64(at, !bigEndian)) : viewOf(bytes).getUint32(at, !bigEndian);
  const textAt = (address: number): string => {
    const offset = offsetOf(address);
    const text = offset === undefined ? undefined : file.readAt(offset, 2 * size);
    const start = text?.length === 2 * size ? offsetOf(pointerAt(text, 0)) : undefined;
    return start === undefined || text === undefined ? "" : readText(file, start, pointerAt(text, size));
  };
  return [textAt(pointerAt(header, 16)), textAt(pointerAt(header, 16 + size))];
}

function readText(file: HostFile, offset: number, length: number): string {
  if (length > MAX_MODULES_BYTES) throw new RangeError("its information about modules is too long");
  return Buffer.from(file.readAt(offset, length)).toString("utf8");
}

interface Module {
  name: string;
  version: string;
}

/** Lines of `mod`, `dep` and their replacements `=>`: name, version and hash, separated by tabs. */
export function parseModules(text: string): Module[] {
  const modules: Module[] = [];
  let main: string | undefined;
  for (const line of text.split("\n")) {
    const [kind, name = "", version = ""] = line.split("\t");
    const module = { name, version: version.startsWith("(") ? "" : version };
    if (kind === "path") main = name;
    else if ((kind === "mod" || kind === "dep") && name) modules.push(module);
    // A replacement by a folder has no version, and then the name of the original says more.
    else if (kind === "=>" && module.version) modules[modules.length - 1] = module;
  }
  // Without modules, as distributions build, there is only the path of the program.
  if (modules.length === 0 && main !== undefined && main !== "command-line-arguments")
    modules.push({ name: main, version: "" });
  return modules;
}

function goItem(name: string, version: string, path: string): Item<"packages"> {
  const slash = name.lastIndexOf("/");
  return packageItem("go", path, {
    name,
    version,
    purl: formatPurl({
      type: "golang",
      namespace: name.slice(0, Math.max(slash, 0)).toLowerCase(),
      name: name.slice(slash + 1).toLowerCase(),
      version,
    }),
    location: path,
  });
}
