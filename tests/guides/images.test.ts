// The guides for cloud-init, Terraform and Packer. Their HCL is parsed. With LONG_TESTS=1, cloud-init itself
// runs the user data on the first boot of a Debian host, and Packer's script makes an image whose clone
// enrolls.
import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { waitForConnected } from "../support/connected-host.ts";
import { type GuideSite, openGuideSite } from "../support/guide-site.ts";
import { EXAMPLE_FACTS, guideTexts } from "../support/guide-texts.ts";
import { listFiles } from "../support/host-files.ts";
import { parseHcl } from "../support/parse-hcl.ts";
import { paste } from "../support/pasted-shell.ts";
import { openClone, openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";
import { findOnHost, watchProcesses } from "../support/token-search.ts";

const reason = whyNoSystemd();
const isSkipped = reason !== undefined || !LONG_TESTS;

test("the texts of Terraform and Packer are HCL, and name the files of their guides", async () => {
  const terraform = guideTexts("terraform", EXAMPLE_FACTS);
  const { resource } = await parseHcl(terraform.take("terraform"));
  expect(Object.keys(resource!).sort()).toEqual([
    "aws_iam_instance_profile",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_launch_template",
  ]);
  expect(JSON.stringify(resource)).toContain(terraform.fileOf("user-data"));
  // The same user data as that of the guide for cloud-init.
  expect(terraform.take("user-data")).toBe(guideTexts("cloud-init", EXAMPLE_FACTS).take("user-data"));
  expect(terraform.take("secret")).toBe(guideTexts("cloud-init", EXAMPLE_FACTS).take("secret"));

  const packer = guideTexts("packer", EXAMPLE_FACTS);
  const { variable, build } = await parseHcl(packer.take("packer"));
  expect(variable).toEqual({ attacklens_token: [expect.objectContaining({ sensitive: true })] });
  expect(JSON.stringify(build)).toContain(packer.fileOf("script"));
  await expect(parseHcl("build {")).rejects.toThrow(/parse/);
});

const onHost = (host: SystemdHost, path: string) => join(host.root, path);

/** The command of the secret store on the instance. */
function putSecretStore(host: SystemdHost, site: GuideSite): void {
  const script = `#!/bin/sh
[ "$*" = "secretsmanager get-secret-value --secret-id attacklens-token --query SecretString --output text" ] || exit 2
cat <<'END'
${site.token.value}
END
`;
  writeFileSync(onHost(host, "usr/local/bin/aws"), script, { mode: 0o700 });
}

test.skipIf(isSkipped)(
  "cloud-init accepts the user data, and runs it on the first boot",
  async () => {
    await using site = await openGuideSite();
    const texts = guideTexts("cloud-init", site.facts);
    await using host = await openSystemdHost("bookworm");
    for (const command of [
      ["apt-get", "update", "-q"],
      ["apt-get", "install", "-q", "-y", "--no-install-recommends", "cloud-init"],
    ])
      expect(await host.run(command)).toMatchObject({ code: 0 });
    const seed = onHost(host, "var/lib/cloud/seed/nocloud");
    mkdirSync(seed, { recursive: true });
    writeFileSync(join(seed, "user-data"), texts.take("user-data"));
    writeFileSync(join(seed, "meta-data"), "instance-id: i-guides\n");
    const schema = ["cloud-init", "schema", "--config-file", "/var/lib/cloud/seed/nocloud/user-data"];
    expect(await host.run(schema)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Valid cloud-config"),
    });
    // A minimal Debian has no locales.
    writeFileSync(onHost(host, "etc/cloud/cloud.cfg.d/99-minimal.cfg"), "locale: false\n");
    putSecretStore(host, site);
    const before = listFiles(host.root);
    await host.cutPower();
    await host.boot();
    await site.waitForOnline(1);
    await waitForConnected(host);

    const waited = await paste(host.command(["bash", "-i"]), texts.take("wait"));
    expect(waited).toMatchObject({ code: 0, output: expect.stringContaining("status: done") });
    const verified = await paste(host.command(["bash", "-i"]), texts.take("verify"));
    expect(verified).toMatchObject({ code: 0, output: expect.stringMatching(/^State +connected\r$/m) });
    expect(await findOnHost(host, site.token.value)).toEqual(["/usr/local/bin/aws"]);
    expect(await paste(host.command(["bash", "-i"]), texts.take("uninstall"))).toMatchObject({ code: 0 });
    const left = listFiles(host.root).filter((path) => !before.includes(path) && /attacklens/.test(path));
    expect(left).toEqual([]);

    // The command that stores the secret, with the store's tool in its place.
    const bin = join(site.folder, "bin");
    mkdirSync(bin);
    const record = join(site.folder, "secret");
    writeFileSync(
      join(bin, "aws"),
      `#!/bin/sh\n[ "$*" = "secretsmanager create-secret --name attacklens-token --secret-string file:///dev/stdin" ] && cat > ${record}\n`,
    );
    chmodSync(join(bin, "aws"), 0o755);
    const prompt = "Enrollment token (it is not shown):";
    const stored = await paste(
      ["bash", "--norc", "-i"],
      texts.take("secret"),
      [{ prompt, line: site.token.value }],
      {
        env: { PATH: `${bin}:${process.env.PATH}` },
      },
    );
    expect(stored).toMatchObject({ code: 0 });
    expect(stored.output).not.toContain(site.token.value);
    expect(await Bun.file(record).text()).toBe(site.token.value);
    texts.expectAllTaken();
  },
  900_000,
);

test.skipIf(isSkipped)(
  "Packer's script makes an image whose clone enrolls, and leaves the token only where it is sealed",
  async () => {
    await using site = await openGuideSite();
    const { token } = site;
    const texts = guideTexts("packer", site.facts);
    await using template = await openSystemdHost("bookworm");
    // What the two provisioners do.
    const put = ["sh", "-c", "cat > /dev/shm/attacklens-token"];
    expect(await template.run(put, { stdin: token.value })).toMatchObject({ code: 0 });
    writeFileSync(onHost(template, "root/attacklens-image.sh"), texts.take("script"));
    await using search = await watchProcesses(template, token.value, join(site.folder, "packer-started"));
    const script = [...search.through, ...template.command(["sh", "/root/attacklens-image.sh"])];
    const prepared = await runCommand(script);
    expect(prepared).toMatchObject({ code: 0 });
    expect(prepared.stdout).toContain("\nseal ");
    const { found } = await search.seen();
    expect(found).toEqual([]);
    expect(await findOnHost(template, token.value)).toEqual(["/var/lib/attacklens-sensor/sealed-token.json"]);
    expect((await template.run(["ls", "/dev/shm"])).stdout).toBe("");
    await template.cutPower();

    await using clone = await openClone(template, "image-clone", () => {});
    await site.waitForOnline(1);
    await waitForConnected(clone);
    expect(existsSync(onHost(clone, "var/lib/attacklens-sensor/sealed-token.json"))).toBe(false);
    expect(await findOnHost(clone, token.value)).toEqual([]);
    const terminal = () => clone.command(["bash", "-i"]);
    const verified = await paste(terminal(), texts.take("verify"));
    expect(verified).toMatchObject({ code: 0, output: expect.stringMatching(/^State +connected\r$/m) });
    expect(await paste(terminal(), texts.take("uninstall"))).toMatchObject({ code: 0 });
    await waitUntil("the clone has no sensor", () => !existsSync(onHost(clone, "var/lib/attacklens-sensor")));
  },
  900_000,
);
