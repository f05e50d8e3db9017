// The guide for Ansible. Its playbooks are checked for syntax. With LONG_TESTS=1, they run against a Debian
// host with a real systemd, with ansible-vault and with the commands as shown.
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitForConnected } from "../support/connected-host.ts";
import { openGuideSite } from "../support/guide-site.ts";
import { EXAMPLE_FACTS, guideTexts } from "../support/guide-texts.ts";
import { listFiles } from "../support/host-files.ts";
import { type Pasted, paste } from "../support/pasted-shell.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";
import { findOnHost, watchProcesses } from "../support/token-search.ts";

const PASSWORD = "a password of the vault";
const canInstall = process.getuid?.() === 0 && Bun.which("apt-get") !== null;
const reason = whyNoSystemd();

test.skipIf(!canInstall)("ansible-playbook accepts the syntax of both playbooks", async () => {
  const ansible = await findOrInstall("ansible-playbook");
  using folder = openTemporaryFolder("playbooks");
  const texts = guideTexts("ansible", EXAMPLE_FACTS);
  for (const name of ["playbook", "remove-playbook"])
    writeFileSync(join(folder.path, name), texts.take(name));
  const names = ["playbook", "remove-playbook"];
  const result = await runCommand([ansible, "--syntax-check", "--inventory", "web-01,", ...names], {
    cwd: folder.path,
  });
  expect(result).toMatchObject({ code: 0, stderr: "" });
});

/** Ansible's ssh: it runs the command on the host. The last argument is the command. */
function writeConnection(path: string, host: SystemdHost): void {
  const command = host.command(["sh", "-c"]).map((word) => `'${word}'`);
  writeFileSync(path, `#!/bin/sh\nfor last do :; done\nexec ${command.join(" ")} "$last"\n`, { mode: 0o755 });
}

test.skipIf(reason !== undefined || !LONG_TESTS)(
  "the pasted commands store the token, install, change nothing again, upgrade and remove",
  async () => {
    await findOrInstall("ansible-playbook");
    await using site = await openGuideSite();
    const { token, facts } = site;
    const texts = guideTexts("ansible", facts);
    await using host = await openSystemdHost("bookworm");
    for (const command of [
      ["apt-get", "update", "-q"],
      ["apt-get", "install", "-q", "-y", "--no-install-recommends", "python3"],
    ])
      expect(await host.run(command)).toMatchObject({ code: 0 });
    const before = listFiles(host.root);

    const cwd = join(site.folder, "ansible");
    mkdirSync(cwd);
    writeConnection(join(cwd, "ssh"), host);
    const connection = `ansible_ssh_executable=${cwd}/ssh ansible_ssh_transfer_method=piped`;
    writeFileSync(join(cwd, "hosts"), `web-01 ansible_user=root ${connection}\n`);
    writeFileSync(join(cwd, "attacklens-sensor.yml"), texts.take("playbook"));
    writeFileSync(join(cwd, "attacklens-sensor-remove.yml"), texts.take("remove-playbook"));
    await using search = await watchProcesses(host, token.value, join(site.folder, "ansible-started"));
    const env = { HOME: cwd, ANSIBLE_FORCE_COLOR: "false", ANSIBLE_NOCOLOR: "true" };
    const run = (name: string, answers: [prompt: string, line: string][]) =>
      paste(
        [...search.through, "bash", "-i"],
        texts.take(name),
        answers.map(([prompt, line]) => ({ prompt, line })),
        { cwd, env },
      );
    const vault: [string, string] = ["Vault password:", PASSWORD];

    const stored = await run("vault", [
      ["Enrollment token (it is not shown):", token.value],
      ["New Vault password:", PASSWORD],
      ["Confirm New Vault password:", PASSWORD],
    ]);
    expect(stored).toMatchObject({ code: 0 });
    const encrypted = readFileSync(join(cwd, "group_vars/all/attacklens.yml"), "utf8");
    expect(encrypted).toStartWith("attacklens_token: !vault |");

    const changes = ({ output }: Pasted) => /web-01 +: +ok=\d+ +changed=(\d+) .*failed=0/.exec(output)?.[1];
    const tried = await run("try", [vault]);
    expect(tried).toMatchObject({ code: 0 });
    expect(changes(tried)).toBe("1");
    const installed = await run("install", [vault]);
    expect(installed).toMatchObject({ code: 0 });
    expect(changes(installed)).toBe("0");
    await site.waitForOnline(1);
    await waitForConnected(host);
    const { started, found } = await search.seen();
    expect(found).toEqual([]);
    expect(started).toBeGreaterThan(10);
    expect(await findOnHost(host, token.value)).toEqual([]);
    for (const { output } of [stored, tried, installed]) expect(output).not.toContain(token.value);

    const check = ["--ask-vault-pass", "--inventory", "hosts", "attacklens-sensor.yml", "--check"];
    const checked = await paste(
      ["bash", "-i"],
      `ansible-playbook ${check.join(" ")}`,
      [{ prompt: vault[0], line: PASSWORD }],
      { cwd, env },
    );
    expect(checked).toMatchObject({ code: 0, output: expect.stringMatching(/changed=0 .*failed=0/) });

    const verified = await paste(["bash", "-i"], texts.take("verify"), [], { cwd, env });
    expect(verified).toMatchObject({ code: 0, output: expect.stringMatching(/^State +connected\r$/m) });
    const answers = [{ prompt: vault[0], line: PASSWORD }];
    const upgraded = await paste(["bash", "-i"], texts.take("upgrade"), answers, { cwd, env });
    expect(upgraded).toMatchObject({ code: 0, output: expect.stringMatching(/changed=1 .*failed=0/) });
    // By now, the upgrade has stopped the process from before.
    await site.waitForOnline(1, Date.now());

    const removed = await paste(["bash", "-i"], texts.take("uninstall"), [], { cwd, env });
    expect(removed).toMatchObject({ code: 0, output: expect.stringMatching(/changed=1 .*failed=0/) });
    const left = listFiles(host.root).filter((path) => !before.includes(path));
    expect(left.filter((path) => !/^root\/\.ansible/.test(path))).toEqual([]);
    await site.waitForOnline(0);
    texts.expectAllTaken();
  },
  900_000,
);
