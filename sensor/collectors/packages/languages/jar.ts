// Maven packages in jars: those that running Java programs have opened or were started with, and those in the
// usual folders. A jar names its packages in META-INF/maven, otherwise in its manifest or its file name. A
// jar of an application contains further ones.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { CannotRead } from "../../collector.ts";
import { openRandomAccess } from "../../databases/random-access.ts";
import { LimitError } from "../../databases/skip-record.ts";
import type { HostFiles } from "../../host-files.ts";
import { packageItem } from "../package-source.ts";
import { formatPurl } from "../purl.ts";
import { distinctFolders, listApplicationFolders } from "./places.ts";
import {
  listOpenFiles,
  pathOfArgument,
  type RunningProgram,
  readArguments,
  readWorkingFolder,
} from "./running-programs.ts";
import { listEntries, openNested, readEntry, type ZipFile } from "./zip.ts";

const IS_JAR = /\.(?:jar|war|ear)$/i;
const POM = /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/;
const MANIFEST = "META-INF/MANIFEST.MF";
const MAX_TEXT_BYTES = 256 * 1024;
const MAX_NESTED_BYTES = 48 * 1024 * 1024;
const MAX_DEPTH = 3;
/** The entries in use are few, and far from each other. */
const WINDOW_BYTES = 8 * 1024;
/** Bytes of compressed jars in jars that are unpacked. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

export function* readJars(
  files: HostFiles,
  programs: readonly RunningProgram[],
): Generator<Item<"packages">> {
  const used = programs.filter(({ executable }) => posix.basename(executable) === "java");
  const paths = [...knownJars(files), ...used.flatMap((program) => [...jarsOf(files, program)])];
  const unpacked = { bytes: 0 };
  for (const path of distinctFolders(files, paths)) {
    try {
      using jar = openRandomAccess(files, path, WINDOW_BYTES);
      if (jar === undefined) continue;
      for (const item of readJar(files, jar, path, 0, unpacked)) yield item;
    } catch (error) {
      noteFailure(files, path, error);
    }
  }
}

function noteFailure(files: HostFiles, subject: string, error: unknown): void {
  if (error instanceof CannotRead) files.noteGap({ kind: error.kind, subject, reason: error.reason });
  else if (error instanceof LimitError) files.noteGap({ kind: "limit", subject, reason: error.message });
  else if (error instanceof RangeError) files.noteGap({ kind: "damaged", subject, reason: error.message });
  else throw error;
}

/** The system's jars, and those of applications and of Tomcat. */
function knownJars(files: HostFiles): string[] {
  const applications = listApplicationFolders(files);
  const tomcats = files
    .list("/usr/share")
    .flatMap((name) => (/^tomcat\d/.test(name) ? `/usr/share/${name}` : []));
  const webapps = files
    .list("/var/lib")
    .flatMap((name) => (name.startsWith("tomcat") ? `/var/lib/${name}/webapps` : []));
  const folders = [
    "/usr/share/java",
    ...[...applications, ...tomcats].flatMap((folder) => [folder, `${folder}/lib`]),
    ...webapps.flatMap((folder) => [
      folder,
      ...files.list(folder).map((name) => `${folder}/${name}/WEB-INF/lib`),
    ]),
  ];
  return folders.flatMap((folder) =>
    files.list(folder).flatMap((name) => (IS_JAR.test(name) ? `${folder}/${name}` : [])),
  );
}

/** The jar after `-jar`, those of the class path, and those that are open. */
function* jarsOf(files: HostFiles, program: RunningProgram): Generator<string> {
  const folder = readWorkingFolder(files, program);
  const commandLine = readArguments(files, program);
  for (const [at, argument] of commandLine.entries()) {
    const isPath = ["-jar", "-cp", "-classpath", "--class-path"].includes(commandLine[at - 1] ?? "");
    const list = argument.startsWith("--class-path=") ? argument.slice(13) : isPath ? argument : "";
    for (const part of list.split(":")) {
      const path = pathOfArgument(folder, part);
      if (path !== undefined && IS_JAR.test(path)) yield path;
      else if (path?.endsWith("/*"))
        for (const name of files.list(posix.dirname(path)))
          if (IS_JAR.test(name)) yield posix.join(posix.dirname(path), name);
    }
  }
  for (const path of listOpenFiles(files, program)) if (IS_JAR.test(path)) yield path;
}

function* readJar(
  files: HostFiles,
  jar: ZipFile,
  location: string,
  depth: number,
  unpacked: { bytes: number },
): Generator<Item<"packages">> {
  let isNamed = false;
  let manifest: Map<string, string> | undefined;
  const isWanted = (name: string) => name === MANIFEST || POM.test(name) || IS_JAR.test(name);
  for (const entry of listEntries(jar, isWanted)) {
    try {
      if (entry.name === MANIFEST) manifest = parseManifest(textOf(readEntry(jar, entry, MAX_TEXT_BYTES)));
      else if (POM.test(entry.name)) {
        const item = pomItem(textOf(readEntry(jar, entry, MAX_TEXT_BYTES)), location);
        isNamed ||= item !== undefined;
        if (item !== undefined) yield item;
      } else if (depth < MAX_DEPTH) {
        if (entry.method !== 0) unpacked.bytes += entry.sizeBytes;
        if (unpacked.bytes > MAX_UNPACKED_BYTES) throw new LimitError("too many bytes of jars in jars");
        const nested = openNested(jar, entry, MAX_NESTED_BYTES);
        yield* readJar(files, nested, `${location}!/${entry.name}`, depth + 1, unpacked);
      }
    } catch (error) {
      noteFailure(files, `${location}!/${entry.name}`, error);
    }
  }
  const item = isNamed ? undefined : unnamedItem(manifest ?? new Map(), location);
  if (item !== undefined) yield item;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function pomItem(text: string, location: string): Item<"packages"> | undefined {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0 && !line.startsWith("#")) values.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const name = values.get("artifactId");
  return name
    ? mavenItem(values.get("groupId") ?? "", name, values.get("version") ?? "", location)
    : undefined;
}

/** The attributes of the main section. A line that begins with a space continues the one before it. */
export function parseManifest(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const main = (text.split(/\r?\n\r?\n/, 1)[0] ?? "").replace(/\r?\n /g, "");
  for (const line of main.split(/\r?\n/)) {
    const at = line.indexOf(":");
    if (at > 0) values.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  return values;
}

/** The manifest names the version. The name is that of the file, because titles are for users. */
function unnamedItem(manifest: ReadonlyMap<string, string>, location: string): Item<"packages"> | undefined {
  const file = posix.basename(location).replace(IS_JAR, "");
  const [, name = file, fileVersion] = /^(.+?)-(\d[\w.+-]*)$/.exec(file) ?? [];
  const version =
    fileVersion ?? manifest.get("implementation-version") ?? manifest.get("bundle-version") ?? undefined;
  if (version === undefined) return undefined;
  return mavenItem(manifest.get("implementation-vendor-id") ?? "", name, version, location);
}

/** Without a group, there is no purl: its namespace is required. */
function mavenItem(group: string, name: string, version: string, location: string): Item<"packages"> {
  return packageItem("maven", location, {
    name: group ? `${group}:${name}` : name,
    version,
    purl: group ? formatPurl({ type: "maven", namespace: group, name, version }) : undefined,
    location,
  });
}
