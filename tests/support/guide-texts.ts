// The texts of a deploy guide, for the test that executes them.
import { expect } from "bun:test";
import { deployGuide } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import { codeBlocksOf, type DeployFacts } from "@attacklens/protocol/deploy-guides/guide.ts";
import type { GuideId } from "@attacklens/protocol/deploy-guides/guide-ids.ts";

/** A server with a private CA, for texts that are only parsed. */
export const EXAMPLE_FACTS: DeployFacts = {
  server: "https://attacklens.example.com:8443",
  caPin: `sha256:${"9f86d081".repeat(8)}`,
  caSha256: "0123456789abcdef".repeat(4),
  version: "2026.11.0",
};

export function guideTexts(id: GuideId, facts: DeployFacts) {
  const blocks = codeBlocksOf(deployGuide(id, facts));
  const taken = new Set<string>();
  const find = (name: string) => {
    const block = blocks.find((one) => one.id === name);
    if (!block) throw new Error(`the guide ${id} has no text ${name}`);
    return block;
  };
  return {
    /** Returns the text exactly as the guide shows it. */
    take(name: string): string {
      taken.add(name);
      return find(name).text;
    },
    /** Returns the name of the file that has the text. */
    fileOf(name: string): string {
      const { file } = find(name);
      if (file === undefined) throw new Error(`the text ${name} of the guide ${id} is no file`);
      return file;
    },
    /** A new text of the guide fails its test until the test executes it. */
    expectAllTaken(): void {
      expect([...taken].sort()).toEqual(blocks.map((block) => block.id).sort());
    },
  };
}
