// npm packages: the trees of node_modules of the global folders, and of the services that run on Node.js or
// Bun.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../../host-files.ts";
import { packageItem } from "../package-source.ts";
import { formatPurl } from "../purl.ts";
import { readNpmRecord } from "./npm-record.ts";
import { distinctFolders, listApplicationFolders } from "./places.ts";
import {
  ancestorsOf,
  pathOfArgument,
  type RunningProgram,
  readArguments,
  readWorkingFolder,
} from "./running-programs.ts";

const RUNTIME = /^(?:node|nodejs|bun|deno)(?:[-\d.]*)$/;
const GLOBAL_FOLDERS = [
  "/usr/lib/node_modules",
  "/usr/lib64/node_modules",
  "/usr/local/lib/node_modules",
  "/usr/share/nodejs",
  "/opt/homebrew/lib/node_modules",
];
const MAX_DEPTH = 30;
/** Options of Node.js that take the next argument. */
const WITH_VALUE = new Set(["-r", "--require", "--import", "--loader", "--experimental-loader", "-C"]);

export function* readNpmPackages(
  files: HostFiles,
  programs: readonly RunningProgram[],
  isFull: () => boolean,
): Generator<Item<"packages">> {
  const used = programs.filter(({ executable }) => RUNTIME.test(posix.basename(executable)));
  const ofRuntimes = used.map(({ executable }) =>
    posix.join(posix.dirname(posix.dirname(executable)), "lib/node_modules"),
  );
  const applications = [
    ...listApplicationFolders(files),
    ...used.flatMap((program) => findApplication(files, program) ?? []),
  ];
  const modules = [
    ...GLOBAL_FOLDERS,
    ...ofRuntimes,
    ...applications.map((folder) => posix.join(folder, "node_modules")),
  ];
  for (const folder of distinctFolders(files, applications)) yield* readPackage(files, folder, isFull);
  for (const folder of distinctFolders(files, modules)) {
    const recorded = readNpmRecord(files, folder);
    if (recorded === undefined) yield* readModules(files, folder, 0, isFull);
    else for (const one of recorded) yield npmItem(one.name, one.version, one.folder);
  }
}

/**
 * The nearest folder above the script, or above the working folder, that has a package.json or node_modules.
 */
function findApplication(files: HostFiles, program: RunningProgram): string | undefined {
  const folder = readWorkingFolder(files, program);
  const script = pathOfArgument(folder, findScript(readArguments(files, program)));
  const starts = [script && posix.dirname(script), folder].filter((path) => path !== undefined);
  for (const start of starts) {
    const application = ancestorsOf(start || "/").find(
      (each) => files.exists(`${each}/package.json`) || files.exists(`${each}/node_modules`),
    );
    // A tool such as npm is in a global folder already.
    if (application !== undefined && !application.includes("/node_modules/")) return application;
  }
  return undefined;
}

/** The first argument that is not an option. With `-e` or `-p`, the program has no script. */
export function findScript(commandLine: readonly string[]): string | undefined {
  for (let at = 1; at < commandLine.length; at += 1) {
    const argument = commandLine[at] ?? "";
    if (argument === "-e" || argument === "-p" || argument === "--eval") return undefined;
    if (argument === "run") continue;
    if (!argument.startsWith("-")) return argument;
    if (WITH_VALUE.has(argument)) at += 1;
  }
  return undefined;
}

/** Links are left out: they lead to packages of this tree, or to code that is developed on the host. */
function* readModules(
  files: HostFiles,
  modules: string,
  depth: number,
  isFull: () => boolean,
): Generator<Item<"packages">> {
  for (const { name, kind } of files.listEntries(modules)) {
    if (kind !== "folder") continue;
    const path = `${modules}/${name}`;
    if (name.startsWith("@"))
      for (const scoped of files.listEntries(path)) {
        if (scoped.kind === "folder") yield* readTree(files, `${path}/${scoped.name}`, depth, isFull);
      }
    // pnpm keeps each package in a folder of its store.
    else if (name === ".pnpm")
      for (const stored of files.list(path))
        yield* readModules(files, `${path}/${stored}/node_modules`, depth + 1, isFull);
    else if (!name.startsWith(".")) yield* readTree(files, path, depth, isFull);
  }
}

function* readTree(
  files: HostFiles,
  folder: string,
  depth: number,
  isFull: () => boolean,
): Generator<Item<"packages">> {
  yield* readPackage(files, folder, isFull);
  const nested = `${folder}/node_modules`;
  // Debian's packages of npm have links there, to the tree of npm.
  if (!files.exists(nested) || files.findRealPath(nested) !== `${files.findRealPath(folder)}/node_modules`)
    return;
  if (depth < MAX_DEPTH) yield* readModules(files, nested, depth + 1, isFull);
  else files.noteGap({ kind: "limit", subject: folder, reason: `deeper than ${MAX_DEPTH} packages` });
}

function* readPackage(files: HostFiles, folder: string, isFull: () => boolean): Generator<Item<"packages">> {
  const path = `${folder}/package.json`;
  if (isFull()) {
    if (files.exists(path)) yield npmItem(posix.basename(folder), "", folder);
    return;
  }
  const text = files.findText(path);
  if (text === undefined) return;
  const found = parsePackageJson(text);
  if (found === undefined) files.noteGap({ kind: "damaged", subject: path, reason: "it is not JSON" });
  else if (found.name) yield npmItem(found.name, found.version, folder);
}

/** Undefined if it is not a JSON object. The name and the version are empty if they are missing. */
function parsePackageJson(text: string): { name: string; version: string } | undefined {
  try {
    const { name, version } = JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
    const textOf = (value: unknown) => (typeof value === "string" ? value : "");
    return { name: textOf(name), version: textOf(version) };
  } catch {
    return undefined;
  }
}

function npmItem(name: string, version: string, folder: string): Item<"packages"> {
  const slash = name.startsWith("@") ? name.indexOf("/") : -1;
  return packageItem("npm", folder, {
    name,
    version,
    purl: formatPurl({
      type: "npm",
      namespace: slash < 0 ? "" : name.slice(0, slash).toLowerCase(),
      name: name.slice(slash + 1).toLowerCase(),
      version,
    }),
    location: folder,
  });
}
