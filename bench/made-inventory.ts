// Inventories of hosts that do not exist, made from that of a captured host: the hosts of one image, a host
// of another image, and the same host after an upgrade. Equal numbers make equal inventories.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { type Chunk, cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { seededRandom } from "../harness/seeded-random.ts";
import { ROOT } from "../harness/terminal.ts";

type MadeItem = { key: string } & Record<string, unknown>;
type Items = Partial<Record<Category, MadeItem[]>>;
export interface MadeCategory {
  root: string;
  chunks: Chunk[];
}
export type MadeInventory = Partial<Record<Category, MadeCategory>>;

const CAPTURED = join(ROOT, "sensor/testdata/debian-12/inventory.golden.json");
/** The packages of a server with a few services. */
const PACKAGES = 855;
/** Packages that some hosts of an image have. */
const OPTIONAL = 40;
const OPTIONAL_EACH = 4;
const SERVICES = 140;
const UPGRADED = 10;
const SYLLABLES = "lib net core py perl dev utils data gtk x ssl font doc sys auth db js web tex qt".split(
  " ",
);

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A host of the image: own names, addresses, disks, process ids, and a few packages more. */
export function similarHost(number: number): MadeInventory {
  const random = seededRandom(number + 1);
  const items = imageItems(0);
  const more = Array.from({ length: OPTIONAL_EACH }, () => Math.floor(random() * OPTIONAL));
  items.packages!.push(
    ...[...new Set(more)].map((index) => madePackage(seededRandom(90_000 + index), index)),
  );
  return cut(withIdentity(items, number, random));
}

let os: { osName: string; osVersion: string } | undefined;

/** What all these hosts report about their system. */
export function madeOs() {
  if (os) return os;
  const { name, version } = captured().system!.items!.find(({ key }) => key === "os")!;
  os = { osName: String(name), osVersion: String(version) };
  return os;
}

/** A host that has not one package, service or account list in common with another. */
export function dissimilarHost(number: number): MadeInventory {
  const random = seededRandom(1_000_000 + number);
  const items = imageItems(1_000_000 + number * 10_000);
  return cut(withIdentity(items, number, random));
}

/** A host with as many packages. */
export function largeHost(count: number): MadeInventory {
  const packages = Array.from({ length: count }, (_, index) => madePackage(seededRandom(index), index));
  return cut({ packages });
}

/** The packages of a similar host after an upgrade of some of them. */
export function upgradedHost(number: number): MadeInventory {
  const random = seededRandom(2_000_000 + number);
  const packages = similarHost(number).packages!.chunks.flatMap(
    ({ content }) => JSON.parse(content) as MadeItem[],
  );
  for (let upgraded = 0; upgraded < UPGRADED; upgraded++) {
    const at = Math.floor(random() * packages.length);
    packages[at] = withVersion(packages[at]!, `${packages[at]!.version}+u${Math.floor(random() * 100)}`);
  }
  return cut({ packages });
}

function captured() {
  return JSON.parse(readFileSync(CAPTURED, "utf8")) as Record<string, { items?: MadeItem[] }>;
}

function imageItems(seed: number): Items {
  const host = captured();
  const items: Items = {};
  for (const category of CATEGORIES) if (host[category]?.items) items[category] = host[category].items;
  const random = seededRandom(seed + 7);
  const isOther = seed > 0;
  const known = isOther ? items.packages!.map((item) => withVersion(item, version(random))) : items.packages!;
  items.packages = [...known];
  // Another distribution has the same projects in other versions, and some that the first one lacks.
  for (let index = known.length; index < PACKAGES; index++) {
    const name = seededRandom(isOther && index % 3 === 0 ? seed + index : index);
    const item = madePackage(name, index);
    items.packages.push(isOther ? withVersion(item, version(random)) : item);
  }
  for (let index = items.services!.length; index < SERVICES; index++)
    items.services!.push(madeService(seededRandom(seed + 50_000 + index), index));
  return items;
}

function withIdentity(items: Items, number: number, random: () => number): Items {
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  // The name with which it enrolls.
  const name = `bench-${number}`;
  const change = (category: Category, key: string, members: Record<string, unknown>) => {
    const list = items[category]!;
    items[category] = list.map((item) => (item.key === key ? { ...item, ...members } : item));
  };
  change("system", "host", { hostname: name, fqdn: `${name}.example.org`, bootedAt: bootTime(random) });
  change("system", "identifiers", {
    machineId: hex(32),
    productUuid: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  });
  change("hardware", "disk:vda", { serialNumber: hex(12) });
  change("network", "interface:ens3", {
    mac: `52:54:00:${hex(2)}:${hex(2)}:${hex(2)}`,
    addresses: [`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}/16`],
  });
  items.ports = items.ports!.map((port) => ({
    ...port,
    processes: (port.processes as object[]).map((process) => ({
      ...process,
      pid: 300 + Math.floor(random() * 4_000),
    })),
  }));
  return items;
}

function bootTime(random: () => number): string {
  return new Date(1_760_000_000_000 + Math.floor(random() * 3e6) * 1_000).toISOString().replace(".000", "");
}

function madePackage(random: () => number, index: number): MadeItem {
  const pick = () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]!;
  const name = `${pick()}${pick()}-${pick()}${index}`;
  const architecture = random() < 0.3 ? "all" : "amd64";
  return withVersion(
    {
      ...{ key: `dpkg:${name}:${architecture}`, manager: "dpkg", name, architecture, state: "installed" },
      ...{ source: random() < 0.5 ? name : `${pick()}${pick()}-${pick()}` },
      ...{ vendor: `Debian ${pick()} ${pick()} Maintainers <${pick()}-${pick()}@lists.example.org>` },
      sizeBytes: 1_024 * Math.floor(2 ** (4 + random() * 12)),
    },
    version(random),
  );
}

function withVersion(item: MadeItem, version: string): MadeItem {
  const { name, architecture } = item;
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-12`;
  return { ...item, version, sourceVersion: version, purl };
}

function version(random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  return `${below(9)}.${below(30)}.${below(12)}-${1 + below(5)}${random() < 0.3 ? `+deb12u${below(9)}` : ""}`;
}

function madeService(random: () => number, index: number): MadeItem {
  const pick = () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]!;
  const name = `${pick()}-${pick()}${index}.service`;
  return {
    ...{ key: name, manager: "systemd", name, file: `/usr/lib/systemd/system/${name}`, kind: "service" },
    ...{ description: `The ${pick()} ${pick()} of ${pick()}`, command: `/usr/sbin/${pick()}-${pick()}` },
    ...{ user: "root", enablement: "enabled", state: random() < 0.5 ? "running" : "stopped" },
  };
}

function cut(items: Items): MadeInventory {
  const inventory: MadeInventory = {};
  for (const category of CATEGORIES) {
    const list = items[category];
    if (!list) continue;
    const chunks = cutChunks(category, list, sha256);
    inventory[category] = {
      root: rootHash(
        chunks.map(({ hash }) => hash),
        sha256,
      ),
      chunks,
    };
  }
  return inventory;
}
