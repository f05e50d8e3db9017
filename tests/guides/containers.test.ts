// The guides for Docker and Kubernetes. The manifest is checked against the types of Kubernetes, and the
// Dockerfile by a parser. With LONG_TESTS=1, the image is made by the instructions of the Dockerfile, and
// containers with the mounts, the capabilities and the commands of both guides enroll a Debian host, report
// it and unenroll.
import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { validate } from "dockerfile-utils";
import type { DaemonSet } from "kubernetes-types/apps/v1.d.ts";
import { runCommand } from "../../harness/command.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { ROOT } from "../../harness/terminal.ts";
import { buildImage, type Container, containerCommand, type Image } from "../support/container-image.ts";
import { type GuideSite, openGuideSite } from "../support/guide-site.ts";
import { EXAMPLE_FACTS, guideTexts } from "../support/guide-texts.ts";
import { paste } from "../support/pasted-shell.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

const STATE = "/var/lib/attacklens-sensor";
const reason = whyNoSystemd();
const isSkipped = reason !== undefined || !LONG_TESTS;

function parseManifest(text: string): [object, DaemonSet] {
  return Bun.YAML.parse(text) as [object, DaemonSet];
}

/** Runs the TypeScript compiler on the manifest as a literal: it finds unknown, missing and wrong fields. */
async function findTypeErrors(manifest: readonly object[]): Promise<string> {
  using folder = openTemporaryFolder("manifest");
  symlinkSync(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
  const [namespace, daemonSet] = manifest.map((one) => JSON.stringify(one, null, 2));
  const text = `import type { DaemonSet } from "kubernetes-types/apps/v1.d.ts";
import type { Namespace } from "kubernetes-types/core/v1.d.ts";
export const namespace: Namespace = ${namespace};
export const daemonSet: DaemonSet = ${daemonSet};
`;
  writeFileSync(join(folder.path, "manifest.ts"), text);
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions", "--types", ""];
  const { stdout } = await runCommand(["node", compiler, ...options, "manifest.ts"], { cwd: folder.path });
  return stdout;
}

test("the manifest has only fields of Kubernetes, with values of the right type", async () => {
  const manifest = parseManifest(guideTexts("kubernetes", EXAMPLE_FACTS).take("manifest"));
  expect(await findTypeErrors(manifest)).toBe("");
  const text = JSON.stringify(manifest).replace('"mountPath"', '"mountpath"');
  expect(await findTypeErrors(JSON.parse(text))).toContain("mountpath");
});

test("the Dockerfile has no problem, and both guides have the same", () => {
  const dockerfile = guideTexts("docker", EXAMPLE_FACTS).take("dockerfile");
  expect(validate(dockerfile)).toEqual([]);
  expect(guideTexts("kubernetes", EXAMPLE_FACTS).take("dockerfile")).toBe(dockerfile);
  expect(validate("FROM debian\nCOPYY a b\n")).not.toEqual([]);
});

/** The options of `docker run` that take a word and change nothing here, or that the image cannot show. */
const IGNORED = /^--(name|restart|network|uts|cap-drop|security-opt|tmpfs|memory|cpus)$/;

/** Reads a command `docker run`. Throws for an option that it does not know. */
function parseDockerRun(text: string): Container {
  const words = /docker run ([^)|]+)/.exec(text)![1]!.replaceAll("\\\n", " ").trim().split(/\s+/);
  const container: Container = { args: [], mounts: [], capabilities: [] };
  for (;;) {
    const word = words.shift()!;
    if (/^--(rm|interactive|detach|read-only)$/.test(word)) continue;
    if (word === "--cap-add") container.capabilities.push(words.shift()!);
    else if (word === "--mount") {
      const fields = Object.fromEntries(
        words
          .shift()!
          .split(",")
          .map((field) => field.split("=")),
      );
      const { source, target } = fields as { source: string; target: string };
      container.mounts.push({ source, target, isReadOnly: "readonly" in fields });
    } else if (IGNORED.test(word)) words.shift();
    else if (word.startsWith("-")) throw new Error(`unknown option ${word}`);
    // The name of the image.
    else return { ...container, args: words };
  }
}

/** The container of a pod, with the volumes of the node. */
function containerOf({ spec }: DaemonSet, name: string): Container {
  const pod = spec!.template.spec!;
  const container = [...pod.initContainers!, ...pod.containers].find((one) => one.name === name)!;
  const mounts = container.volumeMounts!.flatMap(({ name: volume, mountPath: target, readOnly }) => {
    const { hostPath, secret } = pod.volumes!.find((one) => one.name === volume)!;
    const source = hostPath?.path ?? (secret && "/run/kubelet-secret");
    return source === undefined ? [] : { source, target, isReadOnly: readOnly ?? false };
  });
  const { add = [], drop } = container.securityContext!.capabilities!;
  expect(drop).toEqual(["ALL"]);
  return { args: container.args!, mounts, capabilities: add };
}

/** Follows the steps that make the image, on this machine. */
async function makeImage(site: GuideSite, texts: ReturnType<typeof guideTexts>): Promise<Image> {
  const folder = join(site.folder, "build");
  mkdirSync(folder);
  const downloaded = await paste(["bash", "--norc", "-i"], texts.take("program"), [], { cwd: folder });
  expect(downloaded).toMatchObject({ code: 0 });
  return await buildImage(texts.take("dockerfile"), folder, site.folder);
}

const runIn = (host: SystemdHost, image: Image, container: Container, stdin?: string) =>
  runCommand(containerCommand(host, image, container), stdin === undefined ? {} : { stdin });

/** The server has one sensor online, which reports the host and not the image. */
async function expectHost(site: GuideSite): Promise<void> {
  await site.waitForOnline(1);
  const { items } = await site.ada.call(listSensors, {});
  const { id } = items.find(({ status }) => status === "online")!;
  const params = { id, category: "packages" } as const;
  const { items: packages } = await site.ada.call(listSensorInventory, { params, query: { q: "only-on" } });
  expect(JSON.stringify(packages)).toContain("only-on-the-host");
  const ports = { params: { id, category: "ports" } as const, query: { limit: 1_000 } };
  const { items: listening } = await site.ada.call(listSensorInventory, ports);
  // Only with CAP_SYS_PTRACE, and only if the host's processes are visible.
  expect(JSON.stringify(listening)).toContain("host-listener");
}

/** A package that the image does not have. */
function addPackage(root: string): void {
  const fields = [
    "Package: only-on-the-host",
    "Status: install ok installed",
    "Architecture: all",
    "Version: 1",
  ];
  appendFileSync(join(root, "var/lib/dpkg/status"), `\n${fields.join("\n")}\n`);
}

test.skipIf(isSkipped)(
  "containers with the rights of both guides enroll a host, report it and unenroll",
  async () => {
    await using site = await openGuideSite();
    const { token } = site;
    const [docker, kubernetes] = [guideTexts("docker", site.facts), guideTexts("kubernetes", site.facts)];
    using image = await makeImage(site, docker);
    await using host = await openSystemdHost("trixie", (root) => {
      image.mountBelow(root);
      addPackage(root);
    });
    listen(host);
    mkdirSync(join(host.root, STATE), { mode: 0o700 });
    const enroll = parseDockerRun(docker.take("enroll"));
    const enrolled = await runIn(host, image, enroll, token.value);
    expect(enrolled).toMatchObject({ code: 0, stderr: "" });
    const stays = parseDockerRun(docker.take("install"));
    expect(stays).toMatchObject({ mounts: enroll.mounts, capabilities: enroll.capabilities });
    const running = runIn(host, image, stays);
    await expectHost(site);
    const exec = (text: string, container: Container) =>
      runIn(host, image, {
        ...container,
        args: wordsAfter(text, "exec attacklens-sensor attacklens-sensor "),
      });
    expect(await exec(docker.take("verify"), stays)).toMatchObject({ code: 0 });
    // The host's disk is read-only for the container.
    const write = {
      ...stays,
      args: ["enroll", "--state", "/host/root/state", "--server", site.url, "--token", "-"],
    };
    expect(await runIn(host, image, write, token.value)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("the file system is read-only"),
    });
    expect(await exec(docker.take("uninstall"), stays)).toMatchObject({ code: 0 });
    await running;
    await site.waitForOnline(0);

    const [, daemonSet] = parseManifest(kubernetes.take("manifest"));
    await host.run(["sh", "-c", "umask 077; mkdir /run/kubelet-secret; cat > /run/kubelet-secret/token"], {
      stdin: token.value,
    });
    const node = await runIn(host, image, containerOf(daemonSet, "enroll"));
    expect(node).toMatchObject({ code: 0, stderr: "" });
    const sensor = containerOf(daemonSet, "sensor");
    expect(sensor.mounts.map(({ target }) => target)).not.toContain("/run/secrets/attacklens");
    const reporting = runIn(host, image, sensor);
    await expectHost(site);
    const args = wordsAfter(kubernetes.take("uninstall"), "--container sensor -- attacklens-sensor ");
    expect(await runIn(host, image, { ...sensor, args })).toMatchObject({ code: 0 });
    await reporting;
    await site.waitForOnline(0);
  },
  900_000,
);

/** The words of a command line after these. */
function wordsAfter(text: string, start: string): string[] {
  const line = text.split("\n").find((one) => one.includes(start))!;
  return line.slice(line.indexOf(start) + start.length).split(" ");
}

/** A process of the host that listens on a port. */
function listen(host: SystemdHost): void {
  const perl =
    'use Socket; $0 = "host-listener"; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK)); listen(S, 1); <STDIN>';
  Bun.spawn(host.command(["perl", "-e", perl]), { stdin: "pipe", stdout: "ignore", stderr: "ignore" });
}
