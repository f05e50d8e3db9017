// Python packages: the metadata folders in site-packages (PyPA, "Recording installed projects") of the
// system, of applications, and of the virtual environments in which programs run.
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

const INTERPRETER = /^(?:python|pypy)[\d.]*$/;
const ENVIRONMENTS = ["venv", ".venv", "env"];
const SITE = /^(\/.*\/(?:site|dist)-packages)\//;

export function* readPythonPackages(
  files: HostFiles,
  programs: readonly RunningProgram[],
  isFull: () => boolean,
): Generator<Item<"packages">> {
  const used = programs.filter(({ executable }) => INTERPRETER.test(posix.basename(executable)));
  const folders = [...knownFolders(files), ...used.flatMap((program) => [...foldersOf(files, program)])];
  for (const folder of distinctFolders(files, folders)) yield* readSite(files, folder, isFull);
}

function knownFolders(files: HostFiles): string[] {
  const applications = listApplicationFolders(files);
  const prefixes = [
    "/usr",
    "/usr/local",
    ...applications,
    ...applications.flatMap((folder) => ENVIRONMENTS.map((name) => posix.join(folder, name))),
    ...files.list("/opt/pipx/venvs").map((name) => `/opt/pipx/venvs/${name}`),
  ];
  return [...prefixes.flatMap((prefix) => sitesBelow(files, prefix)), ...sitesOfMacos(files)];
}

/** Of the installer of python.org, and of the system. */
function sitesOfMacos(files: HostFiles): string[] {
  const versions = "/Library/Frameworks/Python.framework/Versions";
  const own = "/Library/Python";
  return [
    ...files.list(versions).flatMap((version) => sitesBelow(files, posix.join(versions, version))),
    ...files.list(own).map((version) => posix.join(own, version, "site-packages")),
  ];
}

/** lib/python3.11/site-packages and its kind. */
function sitesBelow(files: HostFiles, prefix: string): string[] {
  return ["lib", "lib64"].flatMap((lib) =>
    files.list(posix.join(prefix, lib)).flatMap((name) => {
      if (!/^(?:python|pypy)\d[\d.]*$/.test(name)) return [];
      return ["site-packages", "dist-packages"].map((site) => posix.join(prefix, lib, name, site));
    }),
  );
}

/**
 * A program of a virtual environment runs the system's interpreter. The environment shows in the path by
 * which it was started, in its script, in its working folder, or in the native modules that it has loaded.
 */
function* foldersOf(files: HostFiles, program: RunningProgram): Generator<string> {
  const folder = readWorkingFolder(files, program);
  const [started, ...rest] = readArguments(files, program);
  const script = rest.find((argument) => !argument.startsWith("-"));
  const paths = [started, script].flatMap((argument) => pathOfArgument(folder, argument) ?? []);
  const prefixes = [program.executable, ...paths].map((path) => posix.dirname(posix.dirname(path)));
  const around = [...paths.map(posix.dirname), folder ?? "/"].flatMap((each) =>
    ancestorsOf(each).slice(0, 4),
  );
  for (const each of around) prefixes.push(...ENVIRONMENTS.map((name) => posix.join(each, name)));
  for (const prefix of new Set(prefixes)) {
    const isInterpreter = prefix === posix.dirname(posix.dirname(program.executable));
    if (isInterpreter || files.exists(posix.join(prefix, "pyvenv.cfg"))) yield* sitesBelow(files, prefix);
  }
  for (const path of listMappedFiles(files, program)) {
    const site = SITE.exec(path)?.[1];
    if (site !== undefined) yield site;
  }
}

function* readSite(files: HostFiles, site: string, isFull: () => boolean): Generator<Item<"packages">> {
  for (const { name, kind } of files.listEntries(site)) {
    // pip renames a package to `~ame` before it deletes it.
    const [, full = "", ending] = /^([^~].*)\.(dist-info|egg-info|egg)$/.exec(name) ?? [];
    if (ending === undefined) continue;
    const path = `${site}/${name}`;
    const text = isFull() ? undefined : files.findText(metadataPath(path, ending, kind));
    const fields = parseMetadata(text ?? "");
    const named = fromFolderName(full);
    const project = fields.name ?? named.name;
    if (project) yield pythonItem(project, fields.version ?? named.version, site);
  }
}

function metadataPath(path: string, ending: string, kind: string): string {
  if (ending === "dist-info") return `${path}/METADATA`;
  if (ending === "egg") return `${path}/EGG-INFO/PKG-INFO`;
  return kind === "folder" ? `${path}/PKG-INFO` : path;
}

/** The fields before the first empty line. Reads only those of the package itself. */
export function parseMetadata(text: string): { name?: string; version?: string } {
  const fields: { name?: string; version?: string } = {};
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, Math.min(end, start + 500)).trimEnd();
    if (line === "" || (fields.name !== undefined && fields.version !== undefined)) break;
    if (/^name:/i.test(line)) fields.name ??= line.slice(5).trim() || undefined;
    else if (/^version:/i.test(line)) fields.version ??= line.slice(8).trim() || undefined;
    start = end + 1;
  }
  return fields;
}

/** `PyYAML-6.0.1`, `six-1.16.0-py3.11`. */
function fromFolderName(full: string): { name: string; version: string } {
  const [name = "", version = ""] = full.split("-");
  return { name, version };
}

function pythonItem(name: string, version: string, site: string): Item<"packages"> {
  return packageItem("pip", site, {
    name,
    version,
    purl: formatPurl({ type: "pypi", name: name.toLowerCase().replace(/[-_.]+/g, "-"), version }),
    location: site,
  });
}
