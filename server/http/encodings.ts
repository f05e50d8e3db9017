// Compressed replies (RFC 9110, sections 8.4 and 12.5.3).
import { promisify } from "node:util";
import { brotliCompress, gzip, constants as zlib } from "node:zlib";

export type Encoding = "br" | "zstd" | "gzip";

/**
 * For files, which are compressed once. The first is preferred; zstd at its usual level is larger than both.
 */
const FILE_ENCODINGS: readonly Encoding[] = ["br", "gzip"];
/** For replies, which are compressed for each request: zstd takes a third of the time. */
const REPLY_ENCODINGS: readonly Encoding[] = ["zstd", "gzip"];

/** Below this size, the headers and the packet cost more than compression saves. */
const MIN_BYTES = 1_400;
/** A client that names more encodings gets an uncompressed reply. */
const MAX_HEADER = 500;

/** On threads of the system, so that other requests do not wait. */
const COMPRESS: Record<Encoding, (plain: Uint8Array, level?: number) => Promise<Uint8Array<ArrayBuffer>>> = {
  br: async (plain) =>
    new Uint8Array(
      await promisify(brotliCompress)(plain, {
        params: { [zlib.BROTLI_PARAM_QUALITY]: 5, [zlib.BROTLI_PARAM_SIZE_HINT]: plain.byteLength },
      }),
    ),
  // That of node:zlib compresses in pieces, which takes three times as long.
  zstd: async (plain) => new Uint8Array(await Bun.zstdCompress(plain)),
  gzip: async (plain, level) => new Uint8Array(await promisify(gzip)(plain, { level })),
};

/** Returns the encoding with the highest weight, or undefined for none. Equal weights: the first offered. */
export function chooseEncoding(accepted: string | null, offered: readonly Encoding[]): Encoding | undefined {
  if (!accepted || accepted.length > MAX_HEADER) return undefined;
  const weights = new Map(accepted.split(",").map(readWeight));
  const weightOf = (encoding: string) => weights.get(encoding) ?? weights.get("*") ?? 0;
  // Without a weight, the plain reply is acceptable, but only one that is weighed higher replaces it.
  const plain = weights.get("identity") ?? 0;
  let best: Encoding | undefined;
  let bestWeight = plain;
  for (const encoding of offered) {
    const weight = weightOf(encoding);
    const isBetter = best === undefined ? weight > 0 && weight >= bestWeight : weight > bestWeight;
    if (!isBetter) continue;
    best = encoding;
    bestWeight = weight;
  }
  return best;
}

/** `gzip;q=0.5` → gzip, 0.5. An invalid weight counts as 0. */
function readWeight(part: string): [name: string, weight: number] {
  const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
  const quality = parameters.find((text) => text.startsWith("q="))?.slice(2);
  const weight = quality === undefined ? 1 : Number(quality);
  return [name, weight >= 0 && weight <= 1 ? weight : 0];
}

/** Returns the reply with the JSON, compressed if the client accepts that and it is worthwhile. */
export async function jsonReply(
  text: string,
  status: number,
  requestHeaders: Headers,
  { mayCompress }: { mayCompress: boolean },
): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json" });
  if (!mayCompress || text.length < MIN_BYTES) return new Response(text, { status, headers });
  headers.set("vary", "accept-encoding");
  const encoding = chooseEncoding(requestHeaders.get("accept-encoding"), REPLY_ENCODINGS);
  if (!encoding) return new Response(text, { status, headers });
  headers.set("content-encoding", encoding);
  return new Response(await COMPRESS[encoding](Buffer.from(text)), { status, headers });
}

export interface EncodedFile {
  reply: (requestHeaders: Headers, headers: Headers) => Promise<Response>;
}

/** A file that never changes. Each encoding is made at its first request. */
export function encodedFile(plain: Uint8Array<ArrayBuffer>): EncodedFile {
  const made = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    async reply(requestHeaders, headers) {
      headers.set("vary", "accept-encoding");
      const encoding = chooseEncoding(requestHeaders.get("accept-encoding"), FILE_ENCODINGS);
      if (!encoding || plain.byteLength < MIN_BYTES) return new Response(plain, { headers });
      const encoded = made.get(encoding) ?? COMPRESS[encoding](plain, zlib.Z_BEST_COMPRESSION);
      made.set(encoding, encoded);
      headers.set("content-encoding", encoding);
      return new Response(await encoded, { headers });
    },
  };
}
