// Packages of Chocolatey: a folder for each, with the description of the package in the format of NuGet.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import { decodeText } from "./decode-text.ts";
import type { WindowsHost } from "./windows-host.ts";
import { findXmlText, parseXml } from "./xml.ts";

type Package = Item<"packages">;

const MAX_NUSPEC_BYTES = 1024 * 1024;
const MAX_PACKAGES = 10_000;

export function readChocolateyPackages(host: WindowsHost): Package[] {
  const folder =
    host.variables.get("chocolateyinstall") ?? `${host.variables.get("programdata")}\\chocolatey`;
  const lib = host.pathOf(`${folder}\\lib`);
  if (lib === undefined) return [];
  const folders = host.files.listEntries(lib).filter(({ kind }) => kind === "folder");
  return firstOf(host.files, folder, folders, MAX_PACKAGES).flatMap(
    ({ name }) => readPackage(host, `${lib}/${name}`, `${folder}\\lib\\${name}`) ?? [],
  );
}

function readPackage(host: WindowsHost, folder: string, location: string): Package | undefined {
  const file = host.files.list(folder).find((name) => name.toLowerCase().endsWith(".nuspec"));
  const bytes = file && host.files.findBytes(`${folder}/${file}`, MAX_NUSPEC_BYTES);
  if (!bytes) return undefined;
  const item = parseNuspec(decodeText(bytes), location);
  if (item === undefined)
    host.files.noteGap({ kind: "damaged", subject: `${folder}/${file}`, reason: "it names no package" });
  return item;
}

/** Undefined without a name and a version. */
export function parseNuspec(text: string, location: string): Package | undefined {
  const root = parseXml(text);
  const field = (name: string) => root && findXmlText(root, ["package", "metadata", name])?.trim();
  const [id, version] = [field("id"), field("version")];
  if (!id || !version) return undefined;
  return {
    key: factText(`chocolatey:${id.toLowerCase()}`, 400),
    manager: "chocolatey",
    name: factText(id, 250),
    version: factText(version, 250),
    vendor: optionalFact(field("authors"), 300),
    location: factText(location, 1_000),
    scope: "machine",
  };
}
