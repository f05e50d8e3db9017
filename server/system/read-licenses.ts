// Reads the licenses of the installed packages that the programs contain: the dependencies of each program,
// and the dependencies of these. It runs while the program is built or its source is loaded, never later.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Manifest {
  name: string;
  version: string;
  license?: string | { type?: string };
  licenses?: { type?: string }[];
  dependencies?: Record<string, string>;
}

const ROOT = join(import.meta.dir, "../..");
const PROGRAMS = ["protocol", "server", "console", "sensor"];
const OWN = "@attacklens/";
/** The runtime is in every program, and is no dependency of theirs. */
const RUNTIME = "bun";

/** In the order of names. */
export function readLicenses() {
  const found = new Map<string, { name: string; version: string; license: string; text: string }>();
  const visit = (name: string, from: string): void => {
    const folder = findPackage(name, from);
    // An optional dependency of another system.
    if (folder === undefined) return;
    const manifest = readManifest(folder);
    const key = `${manifest.name} ${manifest.version}`;
    if (found.has(key)) return;
    const { version } = manifest;
    found.set(key, { name: manifest.name, version, license: licenseOf(manifest), text: readText(folder) });
    for (const dependency of Object.keys(manifest.dependencies ?? {})) visit(dependency, folder);
  };
  for (const program of PROGRAMS) {
    const folder = join(ROOT, program);
    for (const name of Object.keys(readManifest(folder).dependencies ?? {}))
      if (!name.startsWith(OWN)) visit(name, folder);
  }
  visit(RUNTIME, ROOT);
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

const readManifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** As Node.js finds a package: in the nearest node_modules above. */
function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function licenseOf({ license, licenses }: Manifest): string {
  if (typeof license === "string") return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(" OR ") ?? "See its text";
}

function readText(folder: string): string {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(name));
  return files
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trim())
    .join("\n\n");
}
