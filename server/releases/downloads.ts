// Replies with files: a whole one or a part, conditionally, from memory or in small pieces from the disk. At
// most a fixed number of downloads run at a time, so that strangers exhaust neither files nor memory.
import { createHash } from "node:crypto";
import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { HttpRequest } from "../caller.ts";
import { addressGroup } from "../networks.ts";
import { type ByteRange, matchesTag, parseRange } from "./byte-range.ts";

// Not a FileHandle: one that is collected as garbage ends the process.
const openFile = promisify(open);
const readFile = promisify(read);

export const DOWNLOAD_LIMITS = { downloads: 200, downloadsOfNetwork: 50 };
const PIECE_BYTES = 256 * 1024;
/** Hosts that were refused at the same moment come back at different ones. */
const RETRY_AFTER_SECONDS = { least: 10, most: 60 };
/** Longer than the time after which the listener closes a connection that takes nothing. */
const ABANDONED_MS = 120_000;
/** Enough for the largest program at 35 KB/s. A slower reader holds no place for longer, and resumes. */
const LONGEST_MS = 3_600_000;

export interface StoredFile {
  path: string;
  size: number;
  /** Lower-case hex. */
  sha256: string;
  headers: Record<string, string>;
}

/** A running download. */
interface Download {
  /** One subscriber of an IPv6 provider has more addresses than there are places. */
  network: string;
  startedAt: number;
  /** When its reader last took something. */
  takenAt: number;
  end(): void;
}

export function openDownloads({
  now,
  limits = DOWNLOAD_LIMITS,
}: {
  now: () => number;
  limits?: typeof DOWNLOAD_LIMITS;
}) {
  const running = new Set<Download>();

  function requireRoom(network: string): void {
    // A reply that no connection takes is neither read nor cancelled.
    for (const download of running)
      if (now() - download.takenAt > ABANDONED_MS || now() - download.startedAt > LONGEST_MS) download.end();
    const ofNetwork = [...running].filter((one) => one.network === network).length;
    if (running.size < limits.downloads && ofNetwork < limits.downloadsOfNetwork) return;
    const { least, most } = RETRY_AFTER_SECONDS;
    throw new Problem("too-many-requests", "Too many downloads are running. Try again in a minute", {
      extras: { retryAfterSeconds: least + Math.floor(Math.random() * (most - least)) },
    });
  }

  /** A file that is shorter than expected breaks the connection. */
  function begin(network: string, fd: number, path: string, { first, last }: ByteRange): ReadableStream {
    let at = first;
    const download: Download = {
      network,
      startedAt: now(),
      takenAt: now(),
      end() {
        if (running.delete(download)) close(fd, () => {});
      },
    };
    running.add(download);
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          download.takenAt = now();
          try {
            if (!running.has(download)) throw new Error("the reader took too long");
            const piece = new Uint8Array(Math.min(PIECE_BYTES, last + 1 - at));
            const { bytesRead } = await readFile(fd, piece, 0, piece.length, at);
            if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
            at += bytesRead;
            controller.enqueue(piece.subarray(0, bytesRead));
            if (at <= last) return;
            controller.close();
            download.end();
          } catch (error) {
            controller.error(error);
            download.end();
          }
        },
        cancel: () => download.end(),
      },
      { highWaterMark: 0 },
    );
  }

  return {
    /** Throws range-unsatisfiable, too-many-requests, not-found, and the system's errors of the file. */
    async file(http: HttpRequest, { path, size, sha256, headers }: StoredFile): Promise<Response> {
      const reply = prepare(http, size, sha256, headers);
      if (reply.isEmpty) return new Response(null, reply);
      const { network } = addressGroup(http.address);
      requireRoom(network);
      const fd = await openFile(path, "r").catch((error: unknown) => {
        if (errnoCode(error) !== "ENOENT") throw error;
        throw new Problem("not-found", "The file was removed a moment ago", { cause: error });
      });
      const range = reply.range ?? { first: 0, last: size - 1 };
      return new Response(begin(network, fd, path, range), reply);
    },
  };
}

export type Downloads = ReturnType<typeof openDownloads>;

/** A small text. Throws range-unsatisfiable. */
export function textReply(http: HttpRequest, text: string, headers: Record<string, string>): Response {
  const bytes = Buffer.from(text);
  const reply = prepare(http, bytes.length, sha256Of(bytes), headers);
  if (reply.isEmpty) return new Response(null, reply);
  const { first, last } = reply.range ?? { first: 0, last: bytes.length - 1 };
  return new Response(bytes.subarray(first, last + 1), reply);
}

interface Prepared {
  status: 200 | 206 | 304;
  headers: Record<string, string>;
  range: ByteRange | undefined;
  /** A reply without a body. */
  isEmpty: boolean;
}

function prepare(
  { method, headers: asked }: HttpRequest,
  sizeBytes: number,
  sha256: string,
  own: Record<string, string>,
): Prepared {
  const tag = `"${sha256}"`;
  // Every use asks again: what the name has may change with the next release.
  const headers = { "cache-control": "public, no-cache", ...own, etag: tag, "accept-ranges": "bytes" };
  if (matchesTag(asked.get("if-none-match"), tag))
    return { status: 304, headers, range: undefined, isEmpty: true };
  const isHead = method === "HEAD";
  // A range of what the file was before makes no sense. HEAD has no ranges (RFC 9110, section 14.2).
  const condition = asked.get("if-range");
  const isRanged = !isHead && (condition === null || condition.trim() === tag);
  const range = isRanged ? parseRange(asked.get("range"), sizeBytes) : undefined;
  if (range === "unsatisfiable")
    throw new Problem("range-unsatisfiable", `The file has ${sizeBytes} bytes`, { extras: { sizeBytes } });
  const length = range ? range.last - range.first + 1 : sizeBytes;
  const lengths = {
    "content-length": String(length),
    ...(range ? { "content-range": `bytes ${range.first}-${range.last}/${sizeBytes}` } : {}),
  };
  return { status: range ? 206 : 200, headers: { ...headers, ...lengths }, range, isEmpty: isHead };
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
