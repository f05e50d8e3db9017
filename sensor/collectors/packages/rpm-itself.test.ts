// What rpm itself writes and lists. Skipped where rpmbuild is not installed.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHostFiles } from "../host-files.ts";
import { collectPackages } from "./packages.ts";

const SPEC = `Name: openssl
Epoch: 1
Version: 3.0.7
Release: 27.el9
Summary: x
License: x
Vendor: Große Firma
BuildArch: noarch
Modularitylabel: openssl:3:8090020231206:a75119d5
%description
x
%package libs
Summary: x
%description libs
x
%package -n other
Summary: x
Version: 9.1~rc1^git
Epoch: 5
%description -n other
x
%install
mkdir -p %{buildroot}/opt/x
for i in $(seq 500); do : > %{buildroot}/opt/x/a-long-name-so-that-the-header-does-not-fit-into-a-page-$i; done
%files
/opt/x
%files libs
%files -n other
`;
const FORMAT =
  "%{NAME} %{ARCH} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{SOURCERPM} %{MODULARITYLABEL} %{VENDOR} %{SIZE}\\n";

function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout.toString();
}

const reason = Bun.which("rpmbuild") ? "" : " (skipped: no rpmbuild)";
test.skipIf(reason !== "")(`packages that rpm installs are read as rpm lists them${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-rpm-"));
  try {
    writeFileSync(join(folder, "a.spec"), SPEC);
    run("rpmbuild", "-bb", "--quiet", "--define", `_topdir ${folder}/top`, join(folder, "a.spec"));
    const built = join(folder, "top/RPMS/noarch");
    const root = join(folder, "root");
    mkdirSync(root);
    const database = ["--define", "_db_backend sqlite", "--root", root, "--dbpath", "/var/lib/rpm"];
    const packages = readdirSync(built).map((name) => join(built, name));
    run("rpm", ...database, "--justdb", "--nodeps", "-i", ...packages);
    const items = [...collectPackages(openHostFiles(root))];
    const found = items.map(
      (item) =>
        `${item.name} ${item.architecture} ${item.version} ${item.source}-${item.sourceVersion?.replace(/^\d+:/, "")}.src.rpm ${item.module} ${item.vendor} ${item.sizeBytes}`,
    );
    expect(found.sort()).toEqual(
      run("rpm", ...database, "-qa", "--qf", FORMAT)
        .trim()
        .split("\n")
        .sort(),
    );
    // The source has the epoch of the package with its name, whatever the epoch of another one.
    expect(new Set(items.map((item) => item.sourceVersion))).toEqual(new Set(["1:3.0.7-27.el9"]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
