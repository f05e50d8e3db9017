// The texts of a deploy guide, for the test that executes them.
import { expect } from "bun:test";
import { deployGuide, type GuideId } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import { codeBlocksOf, type DeployFacts } from "@attacklens/protocol/deploy-guides/guide.ts";

export function guideTexts(id: GuideId, facts: DeployFacts) {
  const blocks = codeBlocksOf(deployGuide(id, facts));
  const taken = new Set<string>();
  return {
    /** Returns the text exactly as the guide shows it. */
    take(name: string): string {
      const block = blocks.find((one) => one.id === name);
      if (!block) throw new Error(`the guide ${id} has no text ${name}`);
      taken.add(name);
      return block.text;
    },
    /** A new text of the guide fails its test until the test executes it. */
    expectAllTaken(): void {
      expect([...taken].sort()).toEqual(blocks.map((block) => block.id).sort());
    },
  };
}
