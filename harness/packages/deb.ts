// Builds a .deb with dpkg-deb.
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PUBLISHER } from "../windows-resources.ts";
import { type LinuxPackage, makeFolder, runTool, writeTree } from "./package.ts";
import { debScripts } from "./scriptlets.ts";

const ARCHITECTURES = { "linux-x64": "amd64", "linux-arm64": "arm64" } as const;

export function debName({ contents, release, target }: LinuxPackage): string {
  return `${contents.name}_${release}_${ARCHITECTURES[target]}.deb`;
}

/** Writes the package to the path. `folder` is an empty folder for its files. */
export async function buildDeb(source: LinuxPackage, path: string, folder: string): Promise<void> {
  const { contents, release, target, date, isFast } = source;
  const tree = join(folder, "tree");
  writeTree(source, tree);
  const control = join(tree, "DEBIAN");
  makeFolder(control);
  const files = listFiles(tree).filter((file) => !file.startsWith("DEBIAN/"));
  const sizes = files.map((file) => statSync(join(tree, file)).size);
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(control, name), text);
    chmodSync(join(control, name), mode);
  };
  write(
    "control",
    [
      `Package: ${contents.name}`,
      `Version: ${release}`,
      `Architecture: ${ARCHITECTURES[target]}`,
      `Maintainer: ${PUBLISHER} <packages@attacklens.example>`,
      `Installed-Size: ${Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024)}`,
      `Depends: libc6 (>= 2.17)${contents.user === undefined ? "" : ", passwd"}`,
      "Section: admin",
      "Priority: optional",
      `Description: ${source.description}`,
      ` ${source.product} ${release}.`,
      "",
    ].join("\n"),
  );
  const configuration = contents.files.filter(({ isConfiguration }) => isConfiguration);
  if (configuration.length > 0) write("conffiles", configuration.map(({ path }) => `${path}\n`).join(""));
  write("md5sums", (await Promise.all(files.map((file) => md5Line(tree, file)))).join(""));
  const scripts = debScripts(contents, target);
  write("preinst", scripts.beforeInstall, 0o755);
  write("postinst", scripts.afterInstall, 0o755);
  write("prerm", scripts.beforeRemove, 0o755);
  write("postrm", scripts.afterRemove, 0o755);
  // gzip takes a seventh of the time of xz, and the packages are a quarter larger.
  const compression = isFast ? ["-Znone"] : ["-Zgzip", "-z6"];
  await runTool(["dpkg-deb", "--root-owner-group", ...compression, "--build", tree, path], {
    // dpkg-deb gives all files this time.
    SOURCE_DATE_EPOCH: String(date),
  });
}

async function md5Line(tree: string, file: string): Promise<string> {
  const hash = new Bun.CryptoHasher("md5").update(await Bun.file(join(tree, file)).bytes());
  return `${hash.digest("hex")}  ${file}\n`;
}

function listFiles(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .sort();
}
