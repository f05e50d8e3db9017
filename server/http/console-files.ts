// Serves the console's files, which the build embeds in this binary, with headers for a page that shows
// secrets.
import { type EncodedFile, encodedFile } from "./encodings.ts";

/** The page and its files, which a built program contains. Empty when run from source. */
export type ConsoleBundle = readonly BundledFile[];

interface BundledFile {
  /** The name in the page and its scripts. */
  name: string;
  path: string;
  /** The media type. */
  type: string;
}

interface ConsoleFile {
  type: string;
  plain: Uint8Array<ArrayBuffer>;
  /** Absent: the file is compressed already. */
  encoded: EncodedFile | undefined;
}

const NONCE = "__CSP_NONCE__";

/**
 * Reads every file, and compresses each at its first request. Returns a function that serves the file of a
 * path, or else the page.
 */
export async function openConsoleFiles(bundle: ConsoleBundle) {
  const files = new Map<string, ConsoleFile>();
  let page = "";
  for (const { name, path, type } of bundle) {
    const plain = await Bun.file(path).bytes();
    if (name.endsWith(".html")) page = Buffer.from(plain).toString();
    else {
      const encoded = /javascript|css|svg|json/.test(type) ? encodedFile(plain) : undefined;
      files.set(`/${name}`, { type, plain, encoded });
    }
  }
  // The page refers to files by relative paths, but is served at every depth.
  page = page.replace(/(src|href)="\.\/([^"]+)"/g, '$1="/$2"');

  return (path: string, requestHeaders: Headers): Response | Promise<Response> | undefined => {
    if (page === "") return undefined;
    const file = files.get(path);
    return file ? fileReply(file, requestHeaders) : pageReply(page, isPage(path) ? 200 : 404);
  };
}

function fileReply(
  { type, plain, encoded }: ConsoleFile,
  requestHeaders: Headers,
): Response | Promise<Response> {
  const headers = new Headers({
    "content-type": type,
    "cache-control": "public, max-age=31536000, immutable",
  });
  return encoded?.reply(requestHeaders, headers) ?? new Response(plain, { headers });
}

/**
 * The first segments of the console's paths. For any other path, the page shows an error and the status is
 * 404.
 */
export const PAGES = [
  ...["sensors", "assets", "team", "settings"],
  ...["account", "second-factor", "setup", "sign-in", "accept", "reset"],
];

function isPage(path: string): boolean {
  const [, first = "", ...rest] = path.split("/");
  return first === "" ? rest.length === 0 : PAGES.includes(first);
}

function pageReply(page: string, status: 200 | 404): Response {
  const nonce = crypto.getRandomValues(Buffer.alloc(16)).toString("base64");
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return new Response(page.replaceAll(NONCE, nonce), {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
  });
}
