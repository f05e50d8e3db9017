// The guides for a Linux shell and for packages, pasted into a terminal of an empty Debian host with a real
// systemd. With LONG_TESTS=1, on three releases, in bash and dash, with a power failure, and with rpm.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { DEBIAN_RELEASES, type DebianRelease } from "../../harness/debian-tree.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitForConnected } from "../support/connected-host.ts";
import { type GuideSite, openGuideSite } from "../support/guide-site.ts";
import { guideTexts } from "../support/guide-texts.ts";
import { listFiles } from "../support/host-files.ts";
import { paste } from "../support/pasted-shell.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";
import { findOnHost, watchProcesses } from "../support/token-search.ts";

const SHELLS = { bash: ["bash", "-i"], dash: ["dash", "-i"] };
type ShellName = keyof typeof SHELLS;
const HOSTS: [DebianRelease, ShellName][] = LONG_TESTS
  ? DEBIAN_RELEASES.flatMap((release): [DebianRelease, ShellName][] => [
      [release, "bash"],
      [release, "dash"],
    ])
  : [["bookworm", "bash"]];
const PROMPT = "Enrollment token (it is not shown): ";
const reason = whyNoSystemd();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

/** What a user does with a guide. Installs, reboots, verifies and removes the sensor. */
async function follow(
  site: GuideSite,
  host: SystemdHost,
  { guide, shell, kept }: { guide: "linux-shell" | "deb" | "rpm"; shell: ShellName; kept: RegExp },
): Promise<void> {
  const { token } = site;
  const texts = guideTexts(guide, site.facts);
  const before = listFiles(host.root);
  const terminal = () => host.command(SHELLS[shell]);

  await using search = await watchProcesses(host, token.value, join(site.folder, `${guide}-started`));
  const watched = () => [...search.through, ...terminal()];
  const answers = [{ prompt: PROMPT, line: token.value }];
  if (guide !== "linux-shell") {
    // Tracing dpkg takes as much CPU as all the rest, and no command of the package has the token.
    const packageTerminal = LONG_TESTS ? watched() : terminal();
    expect(await paste(packageTerminal, texts.take("package"))).toMatchObject({ code: 0 });
    const checked = await paste(watched(), texts.take("check"), answers);
    expect(checked).toMatchObject({ code: 0, output: expect.stringMatching(/^ok +group/m) });
  }
  const installed = await paste(watched(), texts.take("install"), answers);
  expect(installed).toMatchObject({ code: 0 });
  expect(installed.output).not.toContain(token.value);
  await site.waitForOnline(1);
  const { started, found } = await search.seen();
  expect(found).toEqual([]);
  expect(started).toBeGreaterThan(10);
  expect(await findOnHost(host, token.value)).toEqual([]);
  if (guide === "linux-shell") expectLines(installed.output, texts.take("output"));

  if (LONG_TESTS) {
    await host.cutPower();
    const cutAt = Date.now();
    await host.boot();
    await site.waitForOnline(1, cutAt);
  }
  if (guide !== "linux-shell") {
    const upgraded = await paste(terminal(), texts.take("upgrade"));
    // The release is the same: dpkg installs it again, and rpm says so.
    if (guide === "rpm")
      expect(upgraded).toMatchObject({ output: expect.stringContaining("already installed") });
    else {
      expect(upgraded).toMatchObject({ code: 0 });
      // By now, the upgrade has stopped the process from before.
      await site.waitForOnline(1, Date.now());
    }
  }
  await waitForConnected(host);
  const verified = await paste(terminal(), texts.take("verify"));
  expect(verified).toMatchObject({ code: 0 });
  expect(verified.output).toMatch(/^State +running\r$/m);
  expect(verified.output).toMatch(/^(ready> )*State +connected\r$/m);

  const removed = await paste(terminal(), texts.take("uninstall"));
  expect(removed).toMatchObject({ code: 0 });
  const left = listFiles(host.root).filter((path) => !before.includes(path));
  expect(left.filter((path) => path !== "root/.bash_history" && !kept.test(path))).toEqual([]);
  await site.waitForOnline(0);
  texts.expectAllTaken();
}

/** Each line of the guide is on the terminal: `…`, the host's name and the seconds vary. */
function expectLines(output: string, shown: string): void {
  const lines = output.split(/\r?\n/);
  for (const line of shown.trimEnd().split("\n")) {
    const pattern = line
      .replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("web-01", "\\S+")
      .replaceAll("…", "\\S+")
      .replaceAll(/after \d+ s/g, "after \\d+ s");
    expect([line, lines.filter((one) => new RegExp(`^${pattern}$`).test(one)).length]).toEqual([line, 1]);
  }
}

const NOTHING = /^$/;

test.skipIf(reason !== undefined).each(HOSTS)(
  `on %s, in %s, the pasted texts install and remove the sensor and its .deb, and nothing shows the token${skipped}`,
  async (release, shell) => {
    await using site = await openGuideSite({ packages: ["deb"] });
    await using host = await openSystemdHost(release);
    await follow(site, host, { guide: "linux-shell", shell, kept: NOTHING });
    await follow(site, host, { guide: "deb", shell, kept: NOTHING });
  },
  900_000,
);

/** rpm on Debian does not know what dpkg installed. */
const DEBIAN_FILES = `Name: debian-files
Version: 1
Release: 1
Summary: Files of Debian
License: none
BuildArch: noarch
Provides: /bin/sh, libc.so.6(GLIBC_2.17)(64bit)
%description
%files
`;

test.skipIf(reason !== undefined || !LONG_TESTS)(
  "on bookworm with rpm, the pasted texts install and remove the .rpm, and nothing shows the token",
  async () => {
    await using site = await openGuideSite({ packages: ["rpm"] });
    await using host = await openSystemdHost("bookworm");
    const rpmbuild = await findOrInstall("rpmbuild");
    const spec = join(site.folder, "debian-files.spec");
    writeFileSync(spec, DEBIAN_FILES);
    const build = [rpmbuild, "-bb", "--define", `_rpmdir ${site.folder}`, spec];
    expect(await runCommand(build)).toMatchObject({ code: 0 });
    host.put(join(site.folder, "noarch/debian-files-1-1.noarch.rpm"), "/root/debian-files.rpm");
    for (const command of [
      ["apt-get", "update", "-q"],
      ["apt-get", "install", "-q", "-y", "--no-install-recommends", "rpm"],
      ["rpm", "--install", "--nodeps", "/root/debian-files.rpm"],
    ])
      expect(await host.run(command)).toMatchObject({ code: 0 });
    await follow(site, host, { guide: "rpm", shell: "bash", kept: /^var\/lib\/attacklens-sensor/ });
  },
  900_000,
);
