// The scripts that dpkg and rpm run when they install, upgrade and remove a package. An upgrade restarts a
// running service with the new program, and starts nothing that was stopped. The data stays until it is
// purged.
import { basename } from "node:path";
import { CHECK_MACHINE } from "@attacklens/protocol/check-machine.ts";
import { otherInstallation, type PackageFiles } from "@attacklens/protocol/package-files.ts";
import type { Target } from "../build.ts";

export interface PackageScripts {
  beforeInstall: string;
  afterInstall: string;
  beforeRemove: string;
  afterRemove: string;
}

/** Debian Policy, chapter 6, describes the arguments. */
export function debScripts(contents: PackageFiles, target: Target): PackageScripts {
  const { name, stateDir, startsWith } = contents;
  // Between the two scripts of one installation. An upgrade does not write it.
  const marker = `/run/${name}.installing`;
  return {
    beforeInstall: script(`${checkLines(contents, target)}
case $1 in
  install)
    ${indented(refuseOtherInstallation(contents), 4)}
    : > ${marker} || true
    ;;
esac
`),
    afterInstall: script(`
case $1 in
  configure)
    ${indented(createUser(contents), 4)}
    if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
    if [ -e ${marker} ]; then
      rm -f ${marker}
      # Empty: this host never had the package, or purged it.
      if [ -z "$2" ]; then
        ${indented(enableLines(contents), 8)}
        ${indented(showNextSteps(contents), 8)}
      fi
      if [ -d /run/systemd/system ] && systemctl --quiet is-enabled ${name}; then
        deb-systemd-invoke start ${name} || ${failed(name)}
      fi
    elif [ -d /run/systemd/system ]; then
      deb-systemd-invoke try-restart ${name} || ${failed(name)}
    fi
    ;;
  abort-remove | abort-deconfigure)
    if [ -d /run/systemd/system ] && systemctl --quiet is-enabled ${name}; then
      deb-systemd-invoke start ${name} || true
    fi
    ;;
esac
`),
    beforeRemove: script(`
case $1 in
  remove | deconfigure)
    if [ -d /run/systemd/system ]; then deb-systemd-invoke stop ${name} || true; fi
    ;;
esac${
      startsWith === undefined
        ? ""
        : `
if [ "$1" = remove ] && [ -e ${startsWith} ]; then
  echo "${name}: this host is still enrolled. Its identity stays in ${stateDir}."
  echo "hint: to install it again, use the package. To delete the identity, use: dpkg --purge ${name}"
fi`
    }
`),
    afterRemove: script(`
if [ "$1" = abort-install ]; then rm -f ${marker}; fi
if [ "$1" = purge ]; then
  rm -rf ${stateDir}
  rm -f /etc/systemd/system/*.wants/${basename(unitPath(contents))}
  ${indented(removeUser(contents), 2)}
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
`),
  };
}

/**
 * `$1` is the number of versions that remain installed. An upgrade runs the new version's scripts first. rpm
 * has no purge, so it never deletes data.
 */
export function rpmScripts(contents: PackageFiles, target: Target): PackageScripts {
  const { name } = contents;
  return {
    beforeInstall: `${checkLines(contents, target)}
if [ "$1" -eq 1 ]; then
  ${indented(refuseOtherInstallation(contents), 2)}
fi
${createUser(contents)}`,
    afterInstall: `if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
if [ "$1" -eq 1 ]; then
  ${indented(enableLines(contents), 2)}
  ${indented(showNextSteps(contents), 2)}
  if [ -d /run/systemd/system ] && systemctl --quiet is-enabled ${name}; then
    systemctl start ${name} || ${failed(name)}
  fi
elif [ -d /run/systemd/system ]; then
  systemctl try-restart ${name} || ${failed(name)}
fi
exit 0`,
    beforeRemove: `if [ "$1" -eq 0 ]; then
  if [ -d /run/systemd/system ]; then
    systemctl --no-reload disable --now ${name} || :
  else
    rm -f /etc/systemd/system/*.wants/${basename(unitPath(contents))}
  fi
fi
exit 0`,
    afterRemove: `if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
exit 0`,
  };
}

export function unitPath({ files }: PackageFiles): string {
  return files.find(({ path }) => path.endsWith(".service"))!.path;
}

function script(text: string): string {
  return `#!/bin/sh\nset -e\n${text}`;
}

function indented(text: string, columns: number): string {
  return text.trimEnd().replaceAll("\n", `\n${" ".repeat(columns)}`);
}

function checkLines({ name }: PackageFiles, target: Target): string {
  return `${CHECK_MACHINE}

if ! problem=$(check_machine ${target}); then
  echo "Cannot install ${name}. $problem" >&2
  exit 1
fi`;
}

/** A unit in /etc takes precedence over the package's, so the service would run the other program. */
function refuseOtherInstallation({ name, stateDir, startsWith }: PackageFiles): string {
  if (startsWith === undefined) return ":";
  const { message, fix } = otherInstallation(name);
  return `other=/etc/systemd/system/${name}.service
if [ -f $other ] && grep -q "^ExecStart=${stateDir}/versions/" $other; then
  echo "Cannot install ${name}. ${message}" >&2
  echo "hint: ${fix}" >&2
  exit 1
fi`;
}

function createUser({ user, stateDir }: PackageFiles): string {
  if (user === undefined) return ":";
  return `if ! getent group ${user} > /dev/null; then groupadd --system ${user}; fi
if ! getent passwd ${user} > /dev/null; then
  useradd --system --gid ${user} --home-dir ${stateDir} --no-create-home --shell /usr/sbin/nologin ${user}
fi
if [ ! -d ${stateDir} ]; then install -d -o ${user} -g ${user} -m 0700 ${stateDir}; fi`;
}

function removeUser({ user }: PackageFiles): string {
  if (user === undefined) return ":";
  return `if getent passwd ${user} > /dev/null; then userdel ${user} || true; fi
if getent group ${user} > /dev/null; then groupdel ${user} || true; fi`;
}

/** A service that needs an enrollment is enabled only if an earlier installation left one. */
function enableLines(contents: PackageFiles): string {
  const { name, startsWith } = contents;
  // Without systemd as PID 1, e.g. while an image is built, systemctl enable only creates the link.
  const enable = `if command -v systemctl > /dev/null; then systemctl --quiet enable ${name} || true; fi`;
  return startsWith === undefined ? enable : `if [ -e ${startsWith} ]; then\n  ${enable}\nfi`;
}

function showNextSteps({ nextSteps, startsWith }: PackageFiles): string {
  const lines = nextSteps.map((line) => `echo '${line.replaceAll("'", "'\\''")}'`);
  if (startsWith === undefined) return lines.join("\n");
  return `if [ ! -e ${startsWith} ]; then\n  ${lines.join("\n  ")}\nfi`;
}

function failed(name: string): string {
  return `echo "${name} did not start. hint: journalctl --unit ${name}" >&2`;
}
