// Builds an .rpm with rpmbuild.
import { copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PackageFiles } from "@attacklens/protocol/package-files.ts";
import { PUBLISHER } from "../windows-resources.ts";
import { copyrightPath, type LinuxPackage, makeFolder, runTool, writeTree } from "./package.ts";
import { type PackageScripts, rpmScripts } from "./scriptlets.ts";

const ARCHITECTURES = { "linux-x64": "x86_64", "linux-arm64": "aarch64" } as const;

export function rpmName({ contents, release, target }: LinuxPackage): string {
  return `${contents.name}-${release}-1.${ARCHITECTURES[target]}.rpm`;
}

/** Writes the package to the path. `folder` is an empty folder for its files. */
export async function buildRpm(source: LinuxPackage, path: string, folder: string): Promise<void> {
  const tree = join(folder, "tree");
  writeTree(source, tree);
  const spec = join(folder, "package.spec");
  writeFileSync(spec, specOf(source, rpmScripts(source.contents, source.target)));
  // rpmbuild deletes the folder that it takes the files from.
  const topFolder = join(folder, "rpmbuild");
  makeFolder(topFolder);
  const command = ["rpmbuild", "-bb", "--quiet", `--target=${ARCHITECTURES[source.target]}`];
  command.push(`--define=_topdir ${topFolder}`, `--define=_rpmdir ${topFolder}`, `--buildroot=${tree}`, spec);
  await runTool(command, { HOME: folder, SOURCE_DATE_EPOCH: String(source.date) });
  copyFileSync(join(topFolder, ARCHITECTURES[source.target], rpmName(source)), path);
}

function specOf(source: LinuxPackage, scripts: PackageScripts): string {
  const { contents, release, isFast } = source;
  const files = contents.files.map(({ path, mode, isConfiguration }) => {
    const kind = isConfiguration ? "%config(noreplace) " : "";
    return `${kind}%attr(${mode.toString(8).padStart(4, "0")}, root, root) ${path}`;
  });
  return `
# The runtime finds the program at the end of the file: nothing may change it.
%global __os_install_post %{nil}
%global debug_package %{nil}
%global _build_id_links none
%global _binary_payload ${isFast ? "w0.gzdio" : "w6.gzdio"}
%global _buildhost localhost
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global source_date_epoch_from_changelog 0
%global _use_internal_dependency_generator 0

Name: ${contents.name}
Version: ${release}
Release: 1
Summary: ${source.description}
License: Proprietary
Vendor: ${PUBLISHER}
Group: System Environment/Daemons
AutoReqProv: no
Requires: libc.so.6(GLIBC_2.17)(64bit)
${contents.user === undefined ? "" : "Requires(pre): /usr/sbin/useradd /usr/sbin/groupadd /usr/bin/getent"}

%description
${source.product} ${release}.

%files
%attr(0755, root, root) ${contents.program}
${files.join("\n")}
%doc ${copyrightPath(contents)}
${ownFolders(contents).join("\n")}

%pre
${escaped(scripts.beforeInstall)}

%post
${escaped(scripts.afterInstall)}

%preun
${escaped(scripts.beforeRemove)}

%postun
${escaped(scripts.afterRemove)}
`.trimStart();
}

/** rpm removes only the folders that the package names. */
function ownFolders(contents: PackageFiles): string[] {
  const settings = contents.files.filter(({ isConfiguration }) => isConfiguration).map(({ path }) => path);
  const folders = new Set([copyrightPath(contents), ...settings].map((path) => dirname(path)));
  return [...folders].map((folder) => `%dir %attr(0755, root, root) ${folder}`);
}

/** rpmbuild expands macros in scripts too. */
function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}
