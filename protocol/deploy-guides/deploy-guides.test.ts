import { describe, expect, test } from "bun:test";
import { findPowerShellErrors } from "../../harness/powershell.ts";
import { deployGuide, listGuides } from "./deploy-guides.ts";
import { codeBlocksOf, type DeployFacts, type Language, SECTIONS } from "./guide.ts";
import { GUIDE_IDS } from "./guide-ids.ts";
import { guideMarkdown } from "./guide-markdown.ts";

const PIN = `sha256:${"9f86d081".repeat(8)}`;
const CA = "0123456789abcdef".repeat(4);
const PUBLIC: DeployFacts = {
  server: "https://attacklens.example.com",
  caPin: null,
  caSha256: null,
  version: "2026.11.0",
};
const PRIVATE = { ...PUBLIC, server: "https://10.0.0.5:8443", caPin: PIN, caSha256: CA };

/** Servers, with and without a private CA and a proxy. */
const INSTALLATIONS: [string, DeployFacts][] = [
  ["a public certificate", PUBLIC],
  ["a private CA", PRIVATE],
  ["a proxy", { ...PUBLIC, proxy: "http://proxy.example.com:3128" }],
  ["a private CA and a proxy with an IPv6 address", { ...PRIVATE, proxy: "http://[fd00::9]:3128" }],
  ["an IPv6 address", { ...PRIVATE, server: "https://[fd00::5]:8443" }],
];

const HARDEST = INSTALLATIONS.slice(-2);

describe.each(GUIDE_IDS)("%s", (id) => {
  test("has every section, in order", () => {
    const { sections, title, summary } = deployGuide(id, PRIVATE);
    expect(sections.map(({ title: heading }) => heading)).toEqual(Object.values(SECTIONS));
    expect(title).not.toEndWith(".");
    expect(summary).toEndWith(".");
    for (const { blocks } of sections) expect(blocks.length).toBeGreaterThan(0);
  });

  test.each(INSTALLATIONS)("with %s, has no token and no value that a reader cannot know", (_, facts) => {
    const guide = deployGuide(id, facts);
    const text = guideMarkdown(guide);
    expect(text).not.toMatch(/atl_enr_|\[object|\bNaN\b|(?<!\/dev\/)\bnull\b/);
    const blocks = codeBlocksOf(guide);
    for (const block of blocks) expect(block.text).not.toMatch(/--token (?!-)/);
    expect(new Set(blocks.map((block) => block.id)).size).toBe(blocks.length);
    for (const { text: lines, replace = [], language } of blocks) {
      // The example addresses are those of the facts, or listed for the reader to replace.
      const known = [facts.server, facts.proxy ?? "", ...replace.map((one) => one.text)];
      const rest = known.filter(Boolean).reduce((left, word) => left.replaceAll(word, ""), lines);
      const unknown = language === "xml" ? /example\.(com|org|net)/g : /example\.(com|org|net)|<[a-z-]+>/g;
      expect([id, language, rest.match(unknown)]).toEqual([id, language, null]);
      for (const one of replace) expect(lines).toContain(one.text);
    }
  });

  test.each(HARDEST)("with %s, the texts can be parsed", async (_, facts) => {
    const blocks = codeBlocksOf(deployGuide(id, facts));
    const textsIn = (language: Language) => blocks.filter((block) => block.language === language);
    // One process for all blocks: each starts on its own line.
    const commands = textsIn("sh").map(({ text }) => text);
    for (const shell of ["bash", "dash"]) {
      if (!Bun.which(shell)) continue;
      const { exitCode, stderr } = Bun.spawnSync([shell, "-n"], { stdin: Buffer.from(commands.join("\n")) });
      expect([shell, exitCode, stderr.toString()]).toEqual([shell, 0, ""]);
    }
    for (const { text } of textsIn("yaml")) expect(Bun.YAML.parse(text)).not.toBeNull();
    for (const block of textsIn("powershell"))
      expect([block.id, await findPowerShellErrors(block.text)]).toEqual([block.id, []]);
  });

  test("a text that asks for a secret is one command, so that the prompt reads no line that was pasted", () => {
    const isPrompt = /\bread -r|Read-Host/;
    for (const { id: block, text, language, file } of codeBlocksOf(deployGuide(id, PRIVATE))) {
      if (file !== undefined || !isPrompt.test(text)) continue;
      const lines = text.split("\n");
      const start = lines.findLastIndex(
        (line, index) => index <= lines.findIndex((one) => isPrompt.test(one)) && /^\S/.test(line),
      );
      const rest = lines.slice(start + 1).filter((line) => /^[^\s)}]/.test(line));
      expect([block, language, rest]).toEqual([block, language, []]);
    }
  });

  test("names the server, its pin and the proxy where they belong", () => {
    const facts = { ...PRIVATE, proxy: "http://proxy.example.com:3128" };
    const all = codeBlocksOf(deployGuide(id, facts))
      .map(({ text }) => text)
      .join("\n");
    expect(all).toContain(facts.server);
    expect(all).toContain(PIN);
    expect(all).toContain(facts.proxy);
    expect(guideMarkdown(deployGuide(id, PUBLIC))).not.toContain("--ca-pin sha256:");
  });
});

test("an address that a shell would change is quoted", () => {
  const facts = { ...PRIVATE, server: "https://[fd00::5]:8443" };
  for (const id of GUIDE_IDS)
    for (const { text, language } of codeBlocksOf(deployGuide(id, facts)))
      if (language === "sh" || language === "powershell")
        expect([id, text.match(/(?<!['"\w/])https:\/\/\[fd00/g)]).toEqual([id, null]);
});

test("each guide names its platform, its tool, the files it installs, and how it was checked", () => {
  for (const { tool, needs, checked } of listGuides()) {
    expect(tool).not.toBe("");
    expect(needs.targets.length).toBeGreaterThan(0);
    expect(checked).toMatch(/^[A-Z].+\.$/);
  }
});
