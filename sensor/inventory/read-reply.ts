// The reply of a collector process.
import type { Chunk } from "@attacklens/protocol/inventory/chunks.ts";
import type { CutItems } from "./cut-category.ts";

/** The first line of a reply. The contents of the chunks follow, each on a line, so that none is copied. */
interface ReplyHead {
  chunks?: Omit<Chunk, "content">[];
}

/** Throws SyntaxError for a damaged reply, and what `readLine` throws. */
export async function readReply(readLine: () => Promise<string>): Promise<unknown> {
  const head = JSON.parse(await readLine()) as ReplyHead;
  if (head.chunks === undefined) return head;
  const chunks: Chunk[] = [];
  for (const { hash, itemCount } of head.chunks) chunks.push({ hash, itemCount, content: await readLine() });
  return { ...head, chunks } as CutItems;
}
