// Packages of snapd, from the mounted snaps and from its state. Reports the current revision of each: snapd
// keeps older ones on disk only to go back to them.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { formatPurl } from "./purl.ts";

/** The second folder is for distributions that do not allow /snap. */
const MOUNTS = ["/snap", "/var/lib/snapd/snap"];
const STATE = "/var/lib/snapd/state.json";
const FILES = "/var/lib/snapd/snaps";
/** The state also has a log of all changes, and JSON takes several times its size in memory. */
const MAX_STATE_BYTES = 8 * 1024 * 1024;

interface Snap {
  /** The folder with the content of the current revision. */
  folder?: string;
  revision?: string;
}

export function readSnapPackages({ files, isFull }: PackageSource): Iterable<Item<"packages">> | undefined {
  const snaps = new Map<string, Snap>();
  for (const mount of MOUNTS) addMounted(files, mount, snaps);
  addFromState(files, snaps);
  addFiles(files, snaps);
  if (snaps.size === 0) return undefined;
  return snaps
    .entries()
    .map(([name, snap]) =>
      isFull() ? packageItem("snap", "", { name, version: "" }) : snapItem(files, name, snap),
    );
}

/** `current` is a link to the folder of a revision. A disabled snap has none. */
function addMounted(files: HostFiles, mount: string, snaps: Map<string, Snap>): void {
  for (const { name, kind } of files.listEntries(mount)) {
    const revision = kind === "folder" ? files.findLink(`${mount}/${name}/current`) : undefined;
    if (revision !== undefined && !snaps.has(name))
      snaps.set(name, { folder: `${mount}/${name}/${revision}`, revision });
  }
}

function addFromState(files: HostFiles, snaps: Map<string, Snap>): void {
  const text = files.findText(STATE, MAX_STATE_BYTES);
  if (text === undefined) return;
  try {
    const { data } = JSON.parse(text);
    for (const [name, state] of Object.entries<{ current?: unknown }>(data.snaps ?? {})) {
      const revision = String(state.current ?? "");
      if (!snaps.has(name)) snaps.set(name, { folder: `${MOUNTS[0]}/${name}/${revision}`, revision });
    }
  } catch {
    files.noteGap({ kind: "damaged", subject: STATE, reason: "it is not the JSON of a state" });
  }
}

/** `lxd_24322.snap` is revision 24322. Only names are used, for a host whose snaps are not mounted. */
function addFiles(files: HostFiles, snaps: Map<string, Snap>): void {
  for (const file of files.list(FILES)) {
    const [, name, revision] = /^(.+)_(x?\d+)\.snap$/.exec(file) ?? [];
    if (name === undefined || revision === undefined) continue;
    const known = snaps.get(name);
    if (known === undefined || (known.folder === undefined && Number(revision) > Number(known.revision)))
      snaps.set(name, { revision });
  }
}

function snapItem(files: HostFiles, name: string, { folder, revision }: Snap): Item<"packages"> {
  const fields = parseSnapYaml((folder && files.findText(`${folder}/meta/snap.yaml`)) ?? "");
  const version = fields.version ?? "";
  return packageItem("snap", "", {
    name,
    version,
    architecture: fields.architecture,
    purl: formatPurl({ type: "snap", name, version, qualifiers: { revision, arch: fields.architecture } }),
    location: folder,
  });
}

/** The fields in use are scalars at the left margin; `architectures` is a list. */
export function parseSnapYaml(text: string): { version?: string; architecture?: string } {
  const fields: { version?: string; architecture?: string } = {};
  let isList = false;
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^(\w[\w-]*):(.*)$/.exec(line) ?? [];
    const entry = isList ? /^\s*-\s*(\S.*)$/.exec(line)?.[1] : undefined;
    if (name === "version") fields.version = scalar(value);
    else if (name === "architectures" && value.trim().startsWith("["))
      fields.architecture = scalar(value.trim().slice(1).split(/[,\]]/, 1)[0] ?? "");
    else if (entry !== undefined) fields.architecture ??= scalar(entry);
    if (name !== undefined) isList = name === "architectures";
  }
  return fields;
}

function scalar(text: string): string | undefined {
  const trimmed = text.trim();
  const quote = trimmed[0];
  if (quote === '"' || quote === "'") return trimmed.slice(1, trimmed.indexOf(quote, 1)) || undefined;
  return trimmed.split(" #", 1)[0]?.trim() || undefined;
}
