// Adds a release to a server: verifies its signatures and each file, then puts the files where the server
// finds them. Whatever interrupts it, the server offers either all that was added or what it offered before.
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import {
  MANIFEST_FILE,
  MAX_FILE_BYTES,
  MAX_RELEASE_BYTES,
  type ReleaseFile,
  type ReleaseManifest,
} from "@attacklens/protocol/releases/release.ts";
import { type VerifiedRelease, verifyRelease } from "@attacklens/protocol/releases/verify-release.ts";
import { copyDurably, type Digest, digestOf, moveDurably, openStage, writeDurably } from "./durable-files.ts";
import {
  type ReleasesPaths,
  readAccepted,
  readManifestText,
  readRootKeys,
  releasesPaths,
} from "./releases-folder.ts";

export interface AddedRelease {
  manifest: ReleaseManifest;
  /** The files that are new or replace a damaged one. */
  added: ReleaseFile[];
  /** Files that the server had already. */
  present: ReleaseFile[];
}

export interface AddOptions {
  dataDir: string;
  /** The files of the release and its manifest.json, or folders with them. */
  sources: readonly string[];
  now: number;
  onFile?: (file: ReleaseFile) => void;
}

/** Throws ReleaseError, Error for the operator, and the system's errors of files. */
export async function addRelease({ dataDir, sources, now, onFile }: AddOptions): Promise<AddedRelease> {
  requireFolder(dataDir);
  const paths = releasesPaths(dataDir);
  const manifestPath = findManifest(sources);
  const text = await readManifest(manifestPath);
  const accepted = readAccepted(paths);
  const verified = await verifyRelease(text, { rootKeys: readRootKeys(paths), accepted, now });
  const { manifest } = verified;
  const folder = paths.release(manifest.counter);
  const stored = readManifestText(folder);
  if (stored !== undefined) requireSame(text, stored, manifest);
  const wanted = findFiles(sources, manifest, manifestPath);
  try {
    return store({ paths, folder, text, stored, wanted, verified, onFile });
  } catch (error) {
    throw explainStore(error, paths.folder, wanted);
  }
}

interface Wanted {
  file: ReleaseFile;
  path: string;
}

interface Work {
  paths: ReleasesPaths;
  folder: string;
  text: string;
  /** The manifest of the release that the server has; undefined: it is new. */
  stored: string | undefined;
  wanted: Wanted[];
  verified: VerifiedRelease;
  onFile: ((file: ReleaseFile) => void) | undefined;
}

function store({ paths, folder, text, stored, wanted, verified, onFile }: Work): AddedRelease {
  const { manifest, releaseKeys } = verified;
  using stage = openStage(paths.folder);
  using unfinished = openStage(paths.folder);
  const [added, present]: [ReleaseFile[], ReleaseFile[]] = [[], []];
  for (const { file, path } of wanted) {
    if (stored !== undefined && isIntact(join(folder, file.name), file)) {
      present.push(file);
      continue;
    }
    onFile?.(file);
    requireDigest(path, copyDurably(path, join(unfinished.path, file.name), MAX_FILE_BYTES), file);
    added.push(file);
  }
  // Read again: another command may have added a newer release during the copy.
  const accepted = readAccepted(paths);
  const numbers = {
    counter: Math.max(manifest.counter, accepted?.counter ?? 0),
    keySerial: Math.max(releaseKeys.serial, accepted?.keySerial ?? 0),
  };
  // First: a kill after it changes nothing for this release, and an older one is refused from here on.
  if (!Bun.deepEquals(numbers, accepted))
    writeDurably(paths.accepted, `${JSON.stringify(numbers)}\n`, stage.path);
  if (stored === undefined) {
    writeDurably(join(unfinished.path, MANIFEST_FILE), text, stage.path);
    moveDurably(unfinished.path, folder);
    return { manifest, added, present };
  }
  for (const { name } of added) moveDurably(join(unfinished.path, name), join(folder, name));
  if (stored !== text) writeDurably(join(folder, MANIFEST_FILE), text, stage.path);
  return { manifest, added, present };
}

function findManifest(sources: readonly string[]): string {
  const found = sources.flatMap((source) => {
    if (isFolder(source)) return existing(join(source, MANIFEST_FILE));
    return basename(source) === MANIFEST_FILE ? [source] : [];
  });
  if (found.length === 1) return found[0]!;
  throw new Error(
    `Cannot add the release: there ${found.length === 0 ? `is no ${MANIFEST_FILE}` : `are ${found.length} of ${MANIFEST_FILE}`} in what you named\nhint: name the folder of one release, or its ${MANIFEST_FILE} and files: attacklens releases add /media/usb/dist`,
  );
}

async function readManifest(path: string): Promise<string> {
  const { size } = digestOf(path, MAX_RELEASE_BYTES);
  // verifyRelease says that it is too large.
  return size > MAX_RELEASE_BYTES ? " ".repeat(size) : await Bun.file(path).text();
}

/** The files of the release among the sources. A folder may have others. A named file must be one. */
function findFiles(
  sources: readonly string[],
  manifest: ReleaseManifest,
  manifestPath: string,
): { file: ReleaseFile; path: string }[] {
  const named = sources.filter((source) => source !== manifestPath && !isFolder(source));
  for (const path of named) {
    if (!manifest.files.some(({ name }) => name === basename(path)))
      throw new Error(
        `Cannot add ${path}: release ${manifest.version} has no file ${basename(path)}\nhint: name only files of the release in ${manifestPath}`,
      );
  }
  const folders = sources.filter(isFolder);
  const found = manifest.files.flatMap((file) => {
    const paths = [
      ...named.filter((path) => basename(path) === file.name),
      ...folders.flatMap((folder) => existing(join(folder, file.name))),
    ];
    return paths.slice(0, 1).map((path) => ({ file, path }));
  });
  if (found.length > 0) return found;
  throw new Error(
    `Cannot add release ${manifest.version}: none of its ${manifest.files.length} files is in what you named\nhint: name the folder with the programs too. The release has ${manifest.files
      .slice(0, 3)
      .map(({ name }) => name)
      .join(", ")}${manifest.files.length > 3 ? ", …" : ""}`,
  );
}

function requireDigest(path: string, { size, sha256 }: Digest, file: ReleaseFile): void {
  if (size === file.size && sha256 === file.sha256) return;
  const what =
    size === file.size
      ? `its SHA-256 is ${sha256}`
      : `it has ${size > MAX_FILE_BYTES ? "more than " : ""}${size} bytes`;
  const should = size === file.size ? file.sha256 : `${file.size}`;
  throw new Error(
    `Cannot add ${path}: ${what}, and the signed manifest says ${should}\nhint: the file is damaged or was changed. Copy it again from where the release is published`,
  );
}

/** Two releases with one counter: a program that has seen one would refuse neither. */
function requireSame(text: string, stored: string, { counter, version }: ReleaseManifest): void {
  const [given, old] = [text, stored].map((one) => canonicalJson(JSON.parse(one).manifest as Json));
  if (given === old) return;
  throw new Error(
    `Cannot add release ${version}: another release with the counter ${counter} is stored\nhint: sign the release with a higher counter, or remove the other one: attacklens releases list`,
  );
}

function isIntact(path: string, { size, sha256 }: ReleaseFile): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.size !== size) return false;
  return digestOf(path, MAX_FILE_BYTES).sha256 === sha256;
}

/** A folder that the command creates would belong to the wrong user. */
function requireFolder(dataDir: string): void {
  if (isFolder(dataDir)) return;
  throw new Error(
    `Cannot add the release: the data folder ${dataDir} does not exist\nhint: start attacklens serve first, or name its folder with --data`,
  );
}

function explainStore(error: unknown, folder: string, wanted: readonly Wanted[]): unknown {
  const code = errnoCode(error) ?? "";
  if (["ENOTEMPTY", "EEXIST"].includes(code))
    return new Error(
      "Cannot add the release: another command added one at the same time\nhint: run the command again",
      { cause: error },
    );
  if (!["ENOSPC", "EDQUOT"].includes(code)) return error;
  const megabytes = Math.ceil(wanted.reduce((sum, { file }) => sum + file.size, 0) / 1e6);
  return new Error(
    `Cannot add the release: the disk of ${dirname(folder)} is full\nhint: free ${megabytes} MB there, or remove an old release: attacklens releases list`,
    { cause: error },
  );
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
const existing = (path: string) => (statSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : []);
