// A sensor, and a server that stores its reports like an AttackLens server, for tests of outages.
import type { ServerResponse } from "node:http";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Collected } from "../collectors/result.ts";
import { cutInventory } from "../inventory/cut-category.ts";
import { openCycle } from "../reporting/cycle.ts";
import { type EnrolledIdentity, makeIdentity, writeIdentity } from "../state/identity.ts";
import { makeFolder } from "./test-command.ts";
import { type Answer, problem, type Received, SENSOR_ID, startTestServer } from "./test-server.ts";

/** A category that the server stored: its content, or why it failed. */
export interface Taken {
  category: string;
  /** Names of packages, or the reason of the failure. */
  what: string;
  collectedAt: string | undefined;
}

const host: HostFacts = {
  hostname: "web-01",
  platform: "linux",
  architecture: "amd64",
  osName: "Debian GNU/Linux",
  osVersion: "12",
  macs: [],
  addresses: [],
};

export async function openOutage({ maxSpoolBytes }: { maxSpoolBytes?: number } = {}) {
  const folder = makeFolder();
  const server = await startTestServer();
  const made = makeIdentity(server.url);
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  const identity: EnrolledIdentity = { ...made, state: "enrolled", sensorId: SENSOR_ID, enrolledAt };
  server.world.publicKey = identity.publicKey;
  writeIdentity(folder.path, identity);
  const taken: Taken[] = [];
  server.world.notice = rememberIn(server, taken);
  let inventory = inventoryOf([]);

  return {
    stateDir: folder.path,
    identity,
    server,
    taken,
    /** The packages that the server received, one report after another. */
    packagesTaken: () => taken.filter(({ category }) => category === "packages").map(({ what }) => what),
    /** Sets the inventory of the host. */
    has(packages: string[], extra: Partial<Collected> = {}): void {
      inventory = { ...inventoryOf(packages), ...extra };
    },
    /** Starts the sensor. Each call of the result runs a cycle. */
    start: () =>
      openCycle({
        stateDir: folder.path,
        identity,
        collect: async () => cutInventory(inventory),
        collectHost: async () => host,
        signal: new AbortController().signal,
        ...(maxSpoolBytes === undefined ? {} : { maxSpoolBytes }),
      }),
    /** Sets the next replies of the server. */
    replyWith(answer: Answer, times = 1): void {
      server.next.push(...Array(times).fill(answer));
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export const away = problem("unavailable");

/** The server processes the request, but its reply is lost. */
export function lostReply(answer: Answer): Answer {
  return (response, request) => {
    const nowhere = { writeHead: () => ({ end: () => {} }) } as unknown as ServerResponse;
    answer(nowhere, request);
    away(response, request);
  };
}

function inventoryOf(packages: string[]): Collected {
  const items = packages.map(aPackage);
  const none = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
  return { ...(none as unknown as Collected), packages: { status: "collected", items } };
}

function aPackage(name: string): Item<"packages"> {
  const purl = `pkg:deb/debian/${name}@1`;
  return { key: `dpkg:${name}:all`, manager: "dpkg", name, version: "1", architecture: "all", purl };
}

interface List {
  root: string;
  chunks: string[];
}

type Server = Awaited<ReturnType<typeof startTestServer>>;

/** Requests the categories that differ, and stores a category when it has all of its chunks. */
function rememberIn({ world }: Server, taken: Taken[]): (request: Received) => void {
  const current = new Map<string, string>();
  const contents = new Map<string, string[]>();
  const roots = new Map<string, string[]>();
  const take = (category: string, root: string, collectedAt: string | undefined) => {
    if (current.get(category) === root) return;
    current.set(category, root);
    const what = roots.get(root)?.flatMap((hash) => contents.get(hash)!) ?? [root];
    taken.push({ category, what: what.sort().join(" "), collectedAt });
  };
  return ({ path, body }) => {
    const category = /^\/sensor\/v1\/inventory\/(\w+)/.exec(path)?.[1];
    if (path === "/sensor/v1/check-in") {
      world.wanted = [];
      for (const [name, said] of Object.entries<{ status: string; root: string; reason?: string }>(
        body.inventory ?? {},
      )) {
        if (said.status === "failed") take(name, `failed: ${said.reason}`, body.collectedAt);
        if (said.status !== "collected" || current.get(name) === said.root) continue;
        if (roots.has(said.root)) take(name, said.root, body.collectedAt);
        else world.wanted.push(name);
      }
    } else if (path === "/sensor/v1/inventory") {
      receive(body.chunks ?? {});
      for (const [name, list] of Object.entries<List>(body.categories)) settle(name, list, body.collectedAt);
    } else if (category && path.endsWith("/chunks")) receive(body.chunks);
    else if (category) settle(category, body, body.collectedAt);
  };
  function receive(chunks: Record<string, { name: string }[]>): void {
    for (const [hash, items] of Object.entries(chunks))
      contents.set(
        hash,
        items.map(({ name }) => name),
      );
  }
  function settle(category: string, { root, chunks }: List, collectedAt: string | undefined): void {
    if (!chunks.every((hash) => world.chunks.has(hash) || contents.has(hash))) return;
    roots.set(root, chunks);
    take(category, root, collectedAt);
  }
}
