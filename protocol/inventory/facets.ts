// The facets by which the items of a category are filtered, and the fields by which they are sorted. The
// server counts and sorts; the console shows the labels.
import type { Category } from "./categories.ts";
import type { Item } from "./category-items.ts";

export interface Facet<I> {
  label: string;
  /** The values of an item, at most a few. */
  of: (item: I) => readonly (string | undefined)[];
  /** Labels of values that are not readable as they are. */
  labels?: Readonly<Record<string, string>>;
}

export interface SortField<I> {
  /** The header of the column. */
  label: string;
  of: (item: I) => string | number | undefined;
}

interface CategoryView<I> {
  facets: Readonly<Record<string, Facet<I>>>;
  sorts: Readonly<Record<string, SortField<I>>>;
}

const EVERY_ADDRESS = new Set(["0.0.0.0", "::", "*"]);
const isLoopback = (address: string) => address.startsWith("127.") || address === "::1";
const yes = (value: boolean | undefined) => (value ? ["yes"] : []);
const kind: Facet<{ kind: string }> = { label: "Kind", of: (item) => [item.kind] };
const nameOf = (item: object) => ("name" in item ? String(item.name) : undefined);
const NAME = { label: "Name", of: nameOf };

/** A category without an entry has no facets. */
export const INVENTORY_VIEWS: { [C in Category]: CategoryView<Item<C>> } = {
  packages: {
    facets: {
      manager: { label: "Manager", of: (one) => [one.manager] },
      held: { label: "Held back", of: (one) => yes(one.held), labels: { yes: "Held back" } },
    },
    sorts: {
      name: NAME,
      version: { label: "Version", of: (one) => one.version },
      source: { label: "Source package", of: (one) => one.source },
      manager: { label: "Manager", of: (one) => one.manager },
    },
  },
  services: {
    facets: {
      state: { label: "State", of: (one) => [one.state] },
      enablement: { label: "Enablement", of: (one) => [one.enablement] },
    },
    sorts: {
      name: NAME,
      state: { label: "State", of: (one) => one.state },
      enablement: { label: "Enablement", of: (one) => one.enablement },
      user: { label: "Runs as", of: (one) => one.user },
    },
  },
  ports: {
    facets: {
      reach: {
        label: "Listens on",
        of: ({ address }) => [
          EVERY_ADDRESS.has(address) ? "every-address" : isLoopback(address) ? "loopback" : "one-address",
        ],
        labels: { "every-address": "All addresses", "one-address": "One address", loopback: "Loopback" },
      },
      protocol: { label: "Protocol", of: (one) => [one.protocol] },
    },
    sorts: {
      port: { label: "Port", of: (one) => one.port },
      protocol: { label: "Protocol", of: (one) => one.protocol },
      address: { label: "Address", of: (one) => one.address },
      process: { label: "Process", of: (one) => one.processes[0]?.name },
    },
  },
  users: {
    facets: {
      login: {
        label: "May log in",
        of: (one) => yes(one.kind === "user" && one.canLogIn),
        labels: { yes: "May log in" },
      },
      privileged: {
        label: "Privileged",
        of: (one) => yes(one.privileges.length > 0 || (one.kind === "user" && isRoot(one.rootAccess))),
        labels: { yes: "Privileged" },
      },
      kind: { ...kind, labels: { user: "User", group: "Group" } },
    },
    sorts: {
      name: NAME,
      id: { label: "ID", of: (one) => (one.kind === "user" ? one.uid : one.gid) },
      lastLogin: { label: "Last login", of: (one) => (one.kind === "user" ? one.lastLoginAt : undefined) },
    },
  },
  security: {
    facets: { area: { label: "Area", of: (one) => [one.area] } },
    sorts: { area: { label: "Area", of: (one) => one.area }, name: { label: "Setting", of: nameOf } },
  },
  system: { facets: {}, sorts: {} },
  hardware: { facets: { kind }, sorts: {} },
  network: { facets: { kind }, sorts: {} },
  jobs: { facets: { kind }, sorts: {} },
  certificates: { facets: {}, sorts: {} },
  containers: {
    facets: {
      kind,
      state: { label: "State", of: (one) => [one.kind === "container" ? one.state : undefined] },
    },
    sorts: {},
  },
};

function isRoot(access: string): boolean {
  return access === "full" || access === "some-commands";
}

/** The chosen values by facet. */
export type Chosen = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Parses `state:running,state:failed,enablement:enabled`. Values of one facet are alternatives. Returns
 * undefined if a facet does not exist.
 */
export function parseWhere(category: Category, text: string): Chosen | undefined {
  const chosen = new Map<string, Set<string>>();
  for (const part of text.split(",").filter(Boolean)) {
    const [, facet = "", value = ""] = /^([^:]*):(.*)$/.exec(part) ?? [];
    if (!Object.hasOwn(INVENTORY_VIEWS[category].facets, facet) || value === "") return undefined;
    chosen.set(facet, (chosen.get(facet) ?? new Set()).add(value));
  }
  return chosen;
}

export function formatWhere(chosen: Chosen): string {
  return [...chosen].flatMap(([facet, values]) => [...values].map((value) => `${facet}:${value}`)).join(",");
}
