// A guide as Markdown, for docs/deploy/. Running text wraps at 110 columns.
import { GUIDE_PLATFORMS, listGuides } from "./deploy-guides.ts";
import type { Block, CodeBlock, Guide } from "./guide.ts";

const COLUMNS = 110;

export function guideMarkdown({ title, summary, sections }: Guide): string {
  const parts = [`# ${title}`, wrap(summary)];
  for (const { title: heading, blocks } of sections) parts.push(`## ${heading}`, ...blocksOf(blocks));
  return `${parts.join("\n\n")}\n`;
}

/** The page that lists the guides. */
export function guideIndex(): string {
  const rows = listGuides().map(({ id, platform, tool, summary }) => [
    GUIDE_PLATFORMS[platform],
    `[${tool}](${id}.md)`,
    summary,
  ]);
  const parts = [
    "# Deploying sensors",
    wrap(
      "The console has these guides under **Sensors > Deploy**, with the address of your server, the pin of its private CA, and your proxy filled in. Copy the commands from there. The pages here are for a server at `https://attacklens.example.com` with a public certificate.",
    ),
    tableOf(["Platform", "Guide", "When to choose it"], rows),
    wrap(
      "Each guide has the same parts: what you need, how to hand over the token, install, verify, upgrade, uninstall, what is then on the machine, what the sensor collects and never collects, and what to do about each message.",
    ),
    wrap(
      "[Sensors](../sensors.md) explains what happens afterwards: commands and exit codes, certificates and proxies, cloned, re-imaged and lost hosts.",
    ),
  ];
  return `${parts.join("\n\n")}\n`;
}

function blocksOf(blocks: Block[]): string[] {
  const steps = blocks.filter(({ kind }) => kind === "step");
  return blocks.flatMap((block) => {
    if (block.kind !== "step") return partsOf(block);
    return [`### ${steps.indexOf(block) + 1}. ${block.title}`, ...blocksOf(block.blocks)];
  });
}

function partsOf(block: Exclude<Block, { kind: "step" }>): string[] {
  switch (block.kind) {
    case "paragraph":
      return [wrap(block.text)];
    case "list":
      return [block.items.map((item) => wrap(item, "- ", "  ")).join("\n")];
    case "table":
      return [tableOf(block.head, block.rows)];
    case "code":
      return codeOf(block);
  }
}

function codeOf({ title, language, text, where, file, replace = [] }: CodeBlock): string[] {
  const place = file === undefined ? `${title} (${where}):` : `${title}: \`${file}\` (${where}).`;
  const words = replace.map((one) => `\`${one.text}\` with ${one.by}`);
  return [
    wrap(place),
    `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``,
    ...(words.length > 0 ? [wrap(`Replace ${words.join(", and ")}.`)] : []),
  ];
}

function tableOf(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** Breaks at spaces that are not inside code. */
function wrap(text: string, first = "", rest = ""): string {
  const words = text.match(/(?:`[^`]*`|[^\s`])+/g) ?? [];
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    const isEmpty = line === first || line === rest;
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = rest;
    }
    line += line === first || line === rest ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
