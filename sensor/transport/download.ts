// Downloads of public files from the server: over the connection that reports use, without a signature. The
// caller verifies what it gets.
import { open } from "node:fs/promises";
import { type Route, routePath } from "@attacklens/protocol/route.ts";
import { fetchBy } from "./proxy.ts";
import { type Connection, failureOf } from "./request.ts";
import { readReply, Unreachable } from "./server-reply.ts";

/** A download without a byte for so long is interrupted. */
const STALL_MS = 60_000;

/** The server, and how to reach it. */
export type Origin = Pick<Connection, "server" | "ca" | "proxy">;

interface Download {
  route: Route;
  params: Record<string, string>;
  signal: AbortSignal;
}

/** Returns a small file as text. Throws Unreachable, Refused. */
export async function downloadText(origin: Origin, download: Download, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  await receive(origin, download, {}, async (response) => {
    for await (const part of response) {
      sizeBytes += part.byteLength;
      if (sizeBytes > maxBytes) throw new Unreachable(`the file is larger than ${maxBytes} bytes`);
      parts.push(part);
    }
  });
  return Buffer.concat(parts).toString();
}

/**
 * Writes a file of the given size to the path. Continues with what an interrupted download left there, if the
 * server still has the file with that hash. Does not verify the hash. Throws Unreachable, Refused, and the
 * system's errors of the path.
 */
export async function downloadFile(
  origin: Origin,
  download: Download,
  { path, sizeBytes, sha256 }: { path: string; sizeBytes: number; sha256: string },
): Promise<void> {
  const file = await open(path, "a+", 0o600);
  try {
    const found = (await file.stat()).size;
    let at = found > sizeBytes ? 0 : found;
    if (at === sizeBytes) return;
    // A server with another file of this name sends it from its start.
    const headers: Record<string, string> =
      at === 0 ? {} : { range: `bytes=${at}-`, "if-range": `"${sha256}"` };
    await receive(origin, download, headers, async (body, { status, headers: sent }) => {
      const isContinued = status === 206 && sent.get("content-range")?.startsWith(`bytes ${at}-`) === true;
      if (status === 206 && !isContinued) throw new Unreachable("the server sent another part of the file");
      if (!isContinued) at = 0;
      await file.truncate(at);
      for await (const part of body) {
        at += part.byteLength;
        if (at > sizeBytes) throw new Unreachable("the server sent more than the file's size");
        await file.write(part);
      }
      if (at < sizeBytes) throw new Unreachable("the download was interrupted");
    });
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Requests a file, and passes on its bytes as they arrive. Throws Unreachable, Refused and errors of `read`.
 */
async function receive(
  origin: Origin,
  { route, params, signal }: Download,
  headers: Record<string, string>,
  read: (body: AsyncIterable<Uint8Array>, response: Response) => Promise<void>,
): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), STALL_MS);
  const reasonOf = async (error: unknown) =>
    stalled.signal.aborted
      ? new Unreachable(`no data within ${STALL_MS / 1000} s`)
      : await failureOf(origin, error);
  async function* bytesOf(response: Response): AsyncIterable<Uint8Array> {
    try {
      for await (const part of response.body ?? []) {
        timer.refresh();
        yield part;
      }
    } catch (error) {
      throw await reasonOf(error);
    }
  }
  try {
    const response = await fetchBy(origin, origin.server + routePath(route, params), {
      headers: { ...headers, "accept-encoding": "identity" },
      signal: AbortSignal.any([signal, stalled.signal]),
    }).catch(async (error: unknown) => {
      throw await reasonOf(error);
    });
    if (![200, 206].includes(response.status)) await readReply(route, response);
    await read(bytesOf(response), response);
  } finally {
    clearTimeout(timer);
  }
}
