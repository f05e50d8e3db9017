// Applications and runtimes of Flatpak's system-wide installations, from their folders:
// kind/name/architecture/ branch, with a link to the deployed commit.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { formatPurl } from "./purl.ts";

const DEFAULT_INSTALLATION = "/var/lib/flatpak";
const INSTALLATIONS = "/etc/flatpak/installations.d";
const MAX_INSTALLATIONS = 20;
const METAINFO_FOLDERS = ["metainfo", "appdata"];

export function readFlatpakPackages({
  files,
  isFull,
}: PackageSource): Iterable<Item<"packages">> | undefined {
  const items = readInstallations(files, isFull);
  const first = items.next();
  if (first.done) return undefined;
  return readPackages(first.value);

  function* readPackages(item: Item<"packages">): Generator<Item<"packages">> {
    yield item;
    yield* items;
  }
}

function* readInstallations(
  files: HostFiles,
  isFull: () => boolean,
): Generator<Item<"packages">, void, undefined> {
  for (const installation of findInstallations(files))
    for (const kind of ["app", "runtime"]) yield* readKind(files, `${installation}/${kind}`, kind, isFull);
}

/** `Path=` in the files of further installations (flatpak-installation(5)). */
function findInstallations(files: HostFiles): readonly string[] {
  const others = files.list(INSTALLATIONS).flatMap((name) => {
    const text = name.endsWith(".conf") ? (files.findText(`${INSTALLATIONS}/${name}`) ?? "") : "";
    return text.split("\n").flatMap((line) => /^\s*Path\s*=\s*(\/\S*)/.exec(line)?.[1] ?? []);
  });
  const all = [...new Set([DEFAULT_INSTALLATION, ...others])];
  return firstOf(files, "installations of Flatpak", all, MAX_INSTALLATIONS, "read");
}

function* readKind(
  files: HostFiles,
  folder: string,
  kind: string,
  isFull: () => boolean,
): Generator<Item<"packages">> {
  for (const name of files.list(folder))
    for (const architecture of files.list(`${folder}/${name}`))
      for (const branch of files.list(`${folder}/${name}/${architecture}`)) {
        const location = `${folder}/${name}/${architecture}/${branch}`;
        // `current` beside the architectures is a link. Without `active`, nothing is deployed.
        if (!files.exists(`${location}/active/metadata`)) continue;
        const recorded = isFull() ? undefined : readVersion(files, `${location}/active`, name);
        const version = recorded ?? (kind === "runtime" ? branch : "");
        yield packageItem("flatpak", `${architecture}:${branch}`, {
          name,
          version,
          architecture,
          purl: formatPurl({ type: "flatpak", name, version, qualifiers: { arch: architecture, branch } }),
          location,
        });
      }
}

function readVersion(files: HostFiles, active: string, name: string): string | undefined {
  const deploy = files.findBytes(`${active}/deploy`);
  const recorded = deploy && findAppdataVersion(Buffer.from(deploy));
  if (recorded) return recorded;
  for (const folder of METAINFO_FOLDERS) {
    for (const ending of ["metainfo.xml", "appdata.xml"]) {
      const text = files.findText(`${active}/files/share/${folder}/${name}.${ending}`);
      const release = text && /<release\b[^>]{0,500}?\sversion=["']([^"']{1,200})["']/.exec(text)?.[1];
      if (release) return release;
    }
  }
  return undefined;
}

/**
 * The deploy file is a GVariant. In its dictionary, the key is a text, and its value, a text as well, is at
 * the next multiple of eight.
 */
export function findAppdataVersion(deploy: Buffer): string | undefined {
  const key = "appdata-version\0";
  const at = deploy.indexOf(key, 0, "latin1");
  if (at < 0) return undefined;
  const start = at + key.length + ((8 - (key.length % 8)) % 8);
  const end = deploy.indexOf(0, start);
  // After the text and its zero byte, a variant has another one and the type.
  const isText = end >= 0 && deploy[end + 1] === 0 && deploy[end + 2] === 0x73;
  return isText ? deploy.toString("utf8", start, end) || undefined : undefined;
}
