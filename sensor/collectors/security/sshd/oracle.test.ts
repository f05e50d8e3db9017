// Compares the parser with `sshd -T` on random configurations. The long form has the sshd of each Debian
// release.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { DEBIAN_RELEASES } from "../../../../harness/debian-tree.ts";
import { drawnCases, LONG_TESTS } from "../../../../harness/long-tests.ts";
import { listMatching } from "../../glob.ts";
import { openHostFiles } from "../../host-files.ts";
import { readSshdBuild, type SshdBuild } from "./build.ts";
import { parseSshdConfig, type SshdConfig } from "./config.ts";
import { effectiveSettings } from "./effective.ts";
import { REPORTED } from "./keywords.ts";
import { configurations, type RandomConfiguration } from "./testing/configurations.ts";
import { findSshd, openReleaseSshd, type TestSshd } from "./testing/sshd.ts";
import { splitArguments } from "./words.ts";

const found = await findSshd();
const RUNS = drawnCases(90);

/** No Match block is for this connection. */
const STRANGER = "user=daemon,host=other,addr=203.0.113.1,laddr=203.0.113.2,lport=2";
const ALICE = "user=alice,host=h1,addr=10.1.2.3,laddr=10.0.0.1,lport=22";

test.if(found !== undefined)(
  "agrees with this machine's sshd on random configurations",
  async () => {
    if (found) await compareAll(found);
  },
  600_000,
);

test.if(found !== undefined && LONG_TESTS).each([...DEBIAN_RELEASES])(
  "agrees with the sshd of %s on random configurations",
  async (release) => {
    await using sshd = await openReleaseSshd(release);
    await compareAll(sshd);
  },
  3_600_000,
);

test.if(found === undefined)("needs root and sshd to compare with", () => {
  expect(process.getuid?.() === 0 && process.env.CI).toBeFalsy();
});

async function compareAll(sshd: TestSshd): Promise<void> {
  const build = readSshdBuild(openHostFiles(sshd.root), "/usr/sbin/sshd");
  const property = fc.asyncProperty(configurations, (configuration) => compare(sshd, build, configuration));
  // To make a failing case smaller takes minutes.
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
}

/** Removes the lines that sshd rejects, one by one: the parser must reject them, too, and then no other. */
async function compare(sshd: TestSshd, build: SshdBuild, { files }: RandomConfiguration): Promise<void> {
  if ((build.version ?? 0) < 807 && hasOldOddity(Object.values(files).join("\n"))) return;
  const folder = mkdtempSync(join(sshd.root, "tmp/attacklens-sshd-"));
  const inside = sshd.root === "/" ? folder : folder.slice(sshd.root.length);
  mkdirSync(join(folder, "parts"));
  try {
    const lines = new Map(
      Object.entries(files).map(([name, text]) => [name, text.replaceAll("@/p", `${inside}/p`).split("\n")]),
    );
    const lineAt = (subject: string) => {
      const [path = "", number] = subject.slice(inside.length + 1).split(" line ");
      return lines.get(path)?.[Number(number) - 1];
    };
    for (;;) {
      for (const [name, text] of lines) writeFileSync(join(folder, name), text.join("\n"));
      const config = parse(sshd, build, `${inside}/main`);
      const { code, stdout, stderr } = await sshd.run(["-T", "-f", `${inside}/main`, "-C", STRANGER]);
      if (code === 0) {
        const [first] = config.problems;
        if (first)
          throw new Error(`sshd accepts ${first.subject}: ${first.reason}: ${lineAt(first.subject)}`);
        expect(shown(config, build, () => false)).toEqual(asReported(stdout));
        return await compareConnection(sshd, build, config, `${inside}/main`);
      }
      // The parser asks no name server and does not compare settings. It continues after a file that includes
      // itself.
      if (/bad addr or host|cannot be satisfied/.test(stderr) || includesItself(config)) return;
      const [path, number] = rejectedLine(stderr);
      const subjects = config.problems.map(({ subject }) => subject);
      if (subjects.length === 0 || (path && !subjects.includes(`${path} line ${number}`)))
        throw new Error(
          `${stderr}${lineAt(`${path} line ${number}`)}\n${subjects}\n${JSON.stringify(Object.fromEntries(lines), null, 1)}`,
        );
      const text = lines.get(path.slice(inside.length + 1));
      if (text === undefined) return;
      text[number - 1] = "";
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Before OpenSSH 8.7, some keywords with lists accept a quote that is not closed, ListenAddress accepts no
 * quotes, and methods after the first ones are checked only for the connections of their block.
 */
function hasOldOddity(text: string): boolean {
  return (
    text.split("\n").some((line) => line.split('"').length % 2 === 0) ||
    /ListenAddress.*"/i.test(text) ||
    text.toLowerCase().split("authenticationmethods").length > 2
  );
}

function includesItself({ problems }: SshdConfig): boolean {
  return problems.some(({ reason }) => reason === "a file that includes itself");
}

/** Empty if the message names no file, as for addresses of Match blocks and files that include each other. */
function rejectedLine(stderr: string): [path: string, number: number] {
  for (const message of stderr.split("\n")) {
    const [, path, number] = /^(\S+?):? line (\d+)/.exec(message) ?? [];
    if (path && !/Deprecated option|Unsupported option|ignoring/.test(message)) return [path, Number(number)];
  }
  return ["", 0];
}

async function compareConnection(
  sshd: TestSshd,
  build: SshdBuild,
  config: SshdConfig,
  path: string,
): Promise<void> {
  const criteria = config.blocks.map((block) => block.criteria);
  // The report joins blocks with equal criteria, so their order among others is lost.
  if (criteria.length === 0 || new Set(criteria).size < criteria.length) return;
  // Lists of blocks for all connections are part of those of each block.
  if (
    config.blocks.some(
      (block) => !block.criteria && block.lines.some(({ keyword }) => keyword.rule === "all"),
    )
  )
    return;
  const { code, stdout } = await sshd.run(["-T", "-f", path, "-C", ALICE]);
  if (code === 0) expect(shown(config, build, matchesAlice)).toEqual(asReported(stdout));
}

function matchesAlice(criteria: string): boolean {
  const words = criteria.split(" ");
  return words.every((word, at) => {
    const value = words[at + 1] ?? "";
    if (word === "User") return value.split(",").some((each) => each === "alice" || each === "a*");
    if (word === "Address") return value.startsWith("10.");
    if (word === "Host") return value === "h*";
    if (word === "LocalPort") return value === "22";
    return word !== "Group";
  });
}

function parse(sshd: TestSshd, build: SshdBuild, path: string): SshdConfig {
  const host = openHostFiles(sshd.root);
  return parseSshdConfig(
    { path, text: host.readText(path) ?? "" },
    {
      version: build.version,
      list: (pattern) => listMatching(host, pattern),
      read: (each) => host.findText(each),
    },
  );
}

const NAMES = new Map(REPORTED.map(({ name }) => [name.toLowerCase(), name]));
const OLD_NAMES: Record<string, string> = {
  pubkeyacceptedkeytypes: "PubkeyAcceptedAlgorithms",
  hostbasedacceptedkeytypes: "HostbasedAcceptedAlgorithms",
};

/** The parser's settings of a connection, by name. Earlier blocks win. */
function shown(config: SshdConfig, build: SshdBuild, matches: (criteria: string) => boolean) {
  const settings = effectiveSettings(config, build);
  const values = new Map<string, string>();
  const fromBlocks = new Map<string, string[]>();
  for (const { keyword, value, criteria } of settings) {
    if (criteria === "") values.set(keyword.name, value);
    else if (matches(criteria)) {
      const known = fromBlocks.get(keyword.name) ?? [];
      if (known.length === 0 || keyword.rule === "all") fromBlocks.set(keyword.name, [...known, value]);
    }
  }
  for (const [name, all] of fromBlocks) values.set(name, all.join(" "));
  return Object.fromEntries([...values].filter(([name]) => !NOT_COMPARED.has(name)).sort());
}

/** Not in the output of `sshd -T` in the same form, or different in each build. */
const NOT_COMPARED = new Set(["HostKey", "ListenAddress", "GSSAPIKeyExchange", "DebianBanner", "Subsystem"]);

function asReported(stdout: string) {
  const values = new Map<string, string[]>();
  for (const line of stdout.trim().split("\n")) {
    const blank = line.indexOf(" ");
    const key = line.slice(0, blank);
    const name = NAMES.get(key) ?? OLD_NAMES[key];
    if (name === undefined || NOT_COMPARED.has(name)) continue;
    const value = line.slice(blank + 1);
    values.set(name, [...(values.get(name) ?? []), inOurForm(name, value)]);
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, all.join(" ")] as const).sort());
}

function inOurForm(name: string, value: string): string {
  if (name === "PermitRootLogin") return value.replace("without-password", "prohibit-password");
  if (value.startsWith("//")) return value.slice(1);
  // Only the program is reported.
  if (name === "ForceCommand") return splitArguments(value)?.[0] ?? (value.split(" ", 1)[0] as string);
  return value;
}
