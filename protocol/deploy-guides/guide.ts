// The parts of a deploy guide. The console shows them and docs/deploy/ has them as Markdown. Pure: no DOM.
import type { InstallTarget } from "../releases/install-command.ts";

/** What a guide needs to know of the installation. */
export interface DeployFacts extends InstallTarget {
  /** The release that the server offers, e.g. `2026.11.0`. */
  version: string;
}

/** Running text with `code` and **bold** as in Markdown. */
export type GuideText = string;

export type Language = "sh" | "powershell" | "yaml" | "hcl" | "dockerfile" | "ini" | "xml" | "bat" | "text";

/** Commands to paste, or the content of a file. */
export interface CodeBlock {
  kind: "code";
  /** Unique in its guide, e.g. `install`. */
  id: string;
  /** What it does, as a title. */
  title: string;
  language: Language;
  text: string;
  /** Where it runs, or where the file belongs: "on the host, as root". */
  where: string;
  /** The name of the file, if the text is a file's content. */
  file?: string;
  /** The words in the text that only the reader can know. */
  replace?: { text: string; by: string }[];
}

export type Block =
  | { kind: "paragraph"; text: GuideText }
  | { kind: "list"; items: GuideText[] }
  | { kind: "table"; head: string[]; rows: GuideText[][] }
  | { kind: "step"; title: string; blocks: Block[] }
  | CodeBlock;

export const SECTIONS = {
  before: "Before you start",
  token: "Hand over the token",
  install: "Install",
  verify: "Verify",
  upgrade: "Upgrade",
  uninstall: "Uninstall",
  machine: "What is on the machine now",
  collected: "What the sensor collects",
  troubleshooting: "Troubleshooting",
  checked: "How this text was checked",
} as const;
export type SectionId = keyof typeof SECTIONS;

export interface Section {
  id: SectionId;
  title: string;
  blocks: Block[];
}

export interface Guide {
  id: string;
  title: string;
  /** One sentence: when to choose this guide. */
  summary: string;
  sections: Section[];
}

export const paragraph = (text: GuideText): Block => ({ kind: "paragraph", text });
export const list = (...items: GuideText[]): Block => ({ kind: "list", items });
export const table = (head: string[], rows: GuideText[][]): Block => ({ kind: "table", head, rows });
export const step = (title: string, ...blocks: Block[]): Block => ({ kind: "step", title, blocks });
export const code = (block: Omit<CodeBlock, "kind">): Block => ({ kind: "code", ...block });

/** All code blocks of a guide, in order. */
export function codeBlocksOf({ sections }: Guide): CodeBlock[] {
  const among = (blocks: Block[]): CodeBlock[] =>
    blocks.flatMap((block) =>
      block.kind === "code" ? [block] : block.kind === "step" ? among(block.blocks) : [],
    );
  return sections.flatMap(({ blocks }) => among(blocks));
}

/** The parts of a guide, by section. Absent: the guide has no such section. */
export type Blocks = Partial<Record<Section["id"], Block[]>>;
