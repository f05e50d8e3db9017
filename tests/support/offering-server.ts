// A server in front of the real one that offers releases to all sensors and serves them. A test can hold,
// replace and observe each request, and sees what sensors report about their updates.
import { readFileSync } from "node:fs";
import type { SignedRelease } from "@attacklens/protocol/releases/release.ts";
import {
  UPDATE_ATTEMPT_HEADER,
  UPDATE_VERSION_HEADER,
  type UpdateReport,
} from "@attacklens/protocol/updates.ts";
import { waitUntil } from "../../harness/wait-until.ts";

export interface OfferedRelease {
  release: SignedRelease;
  /** Path of the file. */
  program: string;
}

export interface Seen {
  path: string;
  /** Of the sensor, if its instance has begun a check-in. */
  version: string | undefined;
  update: UpdateReport | undefined;
}

export interface CheckIn extends Seen {
  at: number;
}

/** Returns a reply in place of the usual one; undefined: the usual one. */
type Intercept = (seen: Seen) => Response | undefined | Promise<Response | undefined>;

export interface OfferingServer extends AsyncDisposable {
  url: string;
  /** Undefined: the sensors should keep their version. */
  offer: { version: string; attempt: number } | undefined;
  /** By version. */
  releases: Map<string, OfferedRelease>;
  /** Called before each request is passed on. */
  intercept: Intercept;
  /** Called before each reply is sent. */
  observe: (seen: Seen) => void;
  /** The check-ins that were accepted. */
  checkIns: CheckIn[];
}

export async function openOfferingServer(behind: string): Promise<OfferingServer> {
  const versions = new Map<string | null, string>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 255,
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      const text = await request.text();
      const seen = readSeen(path, request.headers.get("sensor-instance"), text);
      const reply =
        (await opened.intercept(seen)) ?? downloadOf(request, path) ?? (await pass(request, text));
      if (path.endsWith("/check-in") && reply.status === 200) {
        opened.checkIns.push({ ...seen, at: Date.now() });
        if (opened.offer) {
          reply.headers.set(UPDATE_VERSION_HEADER, opened.offer.version);
          reply.headers.set(UPDATE_ATTEMPT_HEADER, String(opened.offer.attempt));
        }
      }
      opened.observe(seen);
      return reply;
    },
  });

  function readSeen(path: string, instance: string | null, text: string): Seen {
    if (!path.endsWith("/check-in")) return { path, version: versions.get(instance), update: undefined };
    const { sensorVersion, update } = JSON.parse(text);
    versions.set(instance, sensorVersion);
    return { path, version: sensorVersion, update };
  }

  async function pass(request: Request, text: string): Promise<Response> {
    const { method } = request;
    const headers = new Headers(request.headers);
    headers.delete("host");
    const body = method === "GET" ? {} : { body: text };
    const url = behind + new URL(request.url).pathname;
    const forwarded = { method, headers, ...body, decompress: false };
    const reply = await fetch(url, forwarded as RequestInit);
    return new Response(await reply.arrayBuffer(), { status: reply.status, headers: reply.headers });
  }

  function downloadOf(request: Request, path: string): Response | undefined {
    const [, version = "", file] = /^\/download\/([\d.]+)\/(.+)$/.exec(path) ?? [];
    const found = opened.releases.get(version);
    if (!found) return undefined;
    if (file === "manifest.json") return Response.json(found.release);
    const content = readFileSync(found.program);
    const etag = `"${found.release.manifest.files[0]!.sha256}"`;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    if (from === 0 || request.headers.get("if-range") !== etag)
      return new Response(content, { headers: { etag } });
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    return new Response(content.subarray(from), { status: 206, headers: { etag, "content-range": range } });
  }

  const opened: OfferingServer = {
    url: `http://127.0.0.1:${server.port}`,
    offer: undefined,
    releases: new Map(),
    intercept: () => undefined,
    observe: () => {},
    checkIns: [],
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  return opened;
}

/** A point in the life of an update. */
export interface Point {
  name: string;
  /** `before`: the request is held. `after`: its reply is about to be sent. */
  when: "before" | "after";
  matches: (seen: Seen) => boolean;
}

/** Resolves at the point with a function that lets a held request continue. */
export async function reach(server: OfferingServer, { name, when, matches }: Point): Promise<() => void> {
  const { intercept, observe } = server;
  const reached = Promise.withResolvers<() => void>();
  const held = Promise.withResolvers<undefined>();
  let isReached = false;
  const note = (seen: Seen) => {
    if (isReached || !matches(seen)) return false;
    isReached = true;
    reached.resolve(() => held.resolve(undefined));
    return true;
  };
  if (when === "before") server.intercept = (seen) => (note(seen) ? held.promise : intercept(seen));
  else
    server.observe = (seen) => {
      note(seen);
    };
  await waitUntil(`the update is ${name}`, () => isReached);
  const go = await reached.promise;
  Object.assign(server, { intercept, observe });
  return go;
}
