// A host with an installed sensor, in a folder, and a server that offers it releases. The programs are shell
// scripts. The supervisor of the service is the test.
import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InstalledPaths } from "@attacklens/protocol/installed-paths.ts";
import type { SignedRelease } from "@attacklens/protocol/releases/release.ts";
import { hostTarget, makePublisher, type PublishedRelease } from "../../harness/publisher.ts";
import type { Cycle } from "../reporting/cycle.ts";
import type { UpdateOffer } from "../reporting/update-offer.ts";
import { STATE_VERSION } from "../state/state-version.ts";
import { makeFolder } from "./test-command.ts";

export const OLD = "2026.11.0";
export const NEW = "2026.12.0";
export const INTERVAL_MS = 60_000;

/** The text of a program that prints the version, and runs the shell text as the sensor. */
export function programText(version: string, run = "exit 0", build: object = {}): string {
  const printed = { program: "attacklens-sensor", version, writesStateVersions: [STATE_VERSION], ...build };
  return `#!/bin/sh\nif [ "$1" = version ]; then echo '${JSON.stringify(printed)}'; exit; fi\n${run}\n`;
}

export interface DownloadRequest {
  path: string;
  range: string | null;
}

export type UpdateHost = ReturnType<typeof openUpdateHost>;

export function openUpdateHost() {
  const folder = makeFolder();
  const stateDir = join(folder.path, "state");
  const versions = join(stateDir, "versions");
  const [stable, trial, previous] = ["stable", "trial", "previous"].map((name) => join(versions, name)) as [
    string,
    string,
    string,
  ];
  const program = join(stable, "attacklens-sensor");
  const paths: InstalledPaths = { stateDir, versions, stable, trial, previous, program, command: undefined };
  const publisher = makePublisher();
  const files = new Map<string, { release: SignedRelease; content: Uint8Array<ArrayBuffer> }>();
  const requests: DownloadRequest[] = [];
  const log: string[] = [];
  /** The pauses of updates in milliseconds, and how many of them end. */
  const pauses = { lengths: [] as number[], ending: 1 };
  const next: ((request: Request) => Response | undefined)[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const path = new URL(request.url).pathname;
      const range = request.headers.get("range");
      requests.push({ path, range });
      const replaced = next.shift()?.(request);
      if (replaced) return replaced;
      const [, version = "", name] = /^\/download\/([\d.]+)\/(.+)$/.exec(path) ?? [];
      const found = files.get(version);
      if (!found) return notFound();
      if (name === "manifest.json") return Response.json(found.release);
      const { content } = found;
      const etag = `"${found.release.manifest.files[0]!.sha256}"`;
      const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
      if (from === 0 || request.headers.get("if-range") !== etag) return new Response(content);
      const headers = { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` };
      return new Response(content.subarray(from), { status: 206, headers });
    },
  });

  mkdirSync(join(versions, OLD), { recursive: true });
  writeFileSync(join(versions, OLD, "attacklens-sensor"), programText(OLD), { mode: 0o755 });
  symlinkSync(OLD, stable);

  return {
    ...{ paths, publisher, requests, log, next, pauses, url: `http://127.0.0.1:${server.port}` },
    /** Signs the release and serves it. Returns it, so that a test can change it. */
    publish(options: Omit<PublishedRelease, "program"> & { text?: string }) {
      const { text = programText(options.version), ...published } = options;
      const path = join(folder.path, `published-${options.version}`);
      writeFileSync(path, text);
      const release = publisher.sign({ ...published, program: path });
      const served = { release, content: readFileSync(path) };
      files.set(options.version, served);
      return served;
    },
    /** The options of a sensor that runs as this version. */
    options: (release = OLD) => ({
      ...{ paths, release, target: hostTarget(), rootKeys: publisher.rootKeys },
      ...{ by: "parent" as const, program: join(versions, release, "attacklens-sensor") },
      ...{ proxy: undefined, log: (line: string) => void log.push(line), random: () => 0 },
      async pause(ms: number, signal: AbortSignal) {
        pauses.lengths.push(ms);
        if (pauses.lengths.length <= pauses.ending) return;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    }),
    /** The outcome of a cycle. `offer` undefined: the server offers nothing. */
    cycle(offer: UpdateOffer | undefined, more: Partial<Cycle> = {}): Cycle {
      const result = {
        ...{ checkInIntervalSeconds: 60, undecided: false, rotateKey: false, serverKey: undefined, offer },
        ...{ trustedCertificates: undefined, uploaded: [], failed: [], isTaken: true },
      };
      const identity = { server: this.url } as Cycle["identity"];
      const cycle = { state: "connected", problem: null, isUnreachable: false, retryAfterMs: 0, news: [] };
      return { ...cycle, clockOffsetMs: 0, identity, result, ...more } as Cycle;
    },
    /** The outcome of a cycle that reached no server. */
    cycleWithoutServer(): Cycle {
      return this.cycle(undefined, { state: "server-unreachable", isUnreachable: true, result: undefined });
    },
    linkOf(path: string | undefined): string | undefined {
      try {
        return readlinkSync(path!);
      } catch {
        return undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      folder[Symbol.dispose]();
    },
  };
}

function notFound(): Response {
  const problem = { type: "about:blank", title: "Not found", status: 404, code: "not-found" };
  const body = { ...problem, detail: "This server does not have it", requestId: "r1" };
  return Response.json(body, { status: 404, headers: { "content-type": "application/problem+json" } });
}
