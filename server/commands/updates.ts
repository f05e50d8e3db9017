// attacklens updates: manages update rings from a terminal or a script, through the API of a server.

import { countOf } from "@attacklens/protocol/count-of.ts";
import { sensorId, updateRingId } from "@attacklens/protocol/ids.ts";
import * as routes from "@attacklens/protocol/update-rings.ts";
import { nameKey } from "../ids.ts";
import type { ApiSession } from "./api-session.ts";
import { CommandError } from "./command-error.ts";
import { CONNECTION_FLAGS, CONNECTION_HELP, openSession } from "./connection.ts";
import { findGroup } from "./find-named.ts";
import { parseFlags, reportErrors, required } from "./parse-flags.ts";
import { NEWEST, RING_FLAGS, RING_FLAGS_HELP, readRingSettings } from "./ring-flags.ts";
import { hostTable, ringFacts, ringTable, statusText } from "./updates-text.ts";

export const UPDATES_USAGE = `Usage:
  attacklens updates status [--json]
  attacklens updates rings [--json]
  attacklens updates show RING [--json]
  attacklens updates hosts [--search TEXT] [--state STATE] [--version VERSION] [--ring RING]
                           [--json]
  attacklens updates create --name NAME [--group NAME|ID]... [SETTING]... [--json]
  attacklens updates set RING [--name NAME] [--group NAME|ID]... [SETTING]... [--json]
  attacklens updates pin RING VERSION|${NEWEST} [--json]
  attacklens updates pause|resume|retry|delete RING [--json]
  attacklens updates retry-host HOSTNAME|SENSOR-ID [--json]
  attacklens updates order RING...

A new release goes to the rings in their order. RING is the name or the id of a ring. status shows
the stored releases, the versions across the fleet, and the rings. retry offers the version again to
the hosts of a ring where it failed, and starts a stopped ring again. --group replaces the asset
groups of a ring. order takes every ring but the last one.

SETTING:
${RING_FLAGS_HELP}

${CONNECTION_HELP}

Exit codes: 0 success, 1 failure, 2 usage error, 3 not signed in or not permitted, 4 server
unreachable or unavailable, 5 ring, host or asset group not found, 6 rejected by the server, for
example because the version is not stored.
`;

const text = { type: "string" } as const;
const VERBS = {
  pause: routes.pauseUpdateRing,
  resume: routes.resumeUpdateRing,
  retry: routes.retryUpdateRing,
} as const;

const COMMANDS: Record<string, (args: string[]) => Promise<void>> = {
  status,
  rings,
  show,
  hosts,
  create,
  set,
  pin,
  pause: (args) => act("pause", args),
  resume: (args) => act("resume", args),
  retry: (args) => act("retry", args),
  delete: remove,
  "retry-host": retryHost,
  order,
};

/** Returns the exit code. Prints errors to standard error. */
export async function updatesCommand([verb = "", ...args]: string[]): Promise<number> {
  return await reportErrors("updates", async () => {
    const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (command) return await command(args);
    throw new CommandError(
      "usage",
      verb ? `There is no command "updates ${verb}"` : "updates needs a command",
    );
  });
}

async function status(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  const updates = await session.call(routes.getUpdates, {});
  print(updates, flags.json, statusText);
}

async function rings(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  print((await session.call(routes.getUpdates, {})).rings, flags.json, ringTable);
}

async function show(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  print(await findRing(session, only(positionals)), flags.json, ringFacts);
}

async function hosts(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, {
    ...CONNECTION_FLAGS,
    ...{ search: text, state: text, version: text, ring: text },
  });
  await using session = await openSession(flags);
  const ringId = flags.ring === undefined ? undefined : (await findRing(session, flags.ring)).id;
  const found = await listHosts(session, {
    ...(flags.search !== undefined && { q: flags.search }),
    ...(flags.state !== undefined && { state: flags.state as routes.HostUpdateState }),
    ...(flags.version !== undefined && { version: flags.version }),
    ...(ringId !== undefined && { ringId }),
  });
  print(found, flags.json, hostTable);
}

async function listHosts(session: ApiSession, filter: object): Promise<routes.HostUpdate[]> {
  const found: routes.HostUpdate[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 200, ...filter, ...(cursor ? { cursor } : {}) };
    const page = await session.call(routes.listUpdateHosts, { query });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

const RING_INPUT = {
  ...CONNECTION_FLAGS,
  ...RING_FLAGS,
  name: text,
  group: { ...text, multiple: true },
} as const;

async function create(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, RING_INPUT);
  const name = required(flags.name, "--name");
  const settings = readRingSettings(flags);
  await using session = await openSession(flags);
  const assetGroupIds = await findGroups(session, flags.group ?? []);
  const body = { ...settings, name, assetGroupIds };
  print(await session.call(routes.createUpdateRing, { body }), flags.json, ringFacts);
}

async function set(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, RING_INPUT);
  const settings = readRingSettings(flags);
  await using session = await openSession(flags);
  const { id } = await findRing(session, only(positionals));
  const body = {
    ...settings,
    ...(flags.name !== undefined && { name: flags.name }),
    ...(flags.group !== undefined && { assetGroupIds: await findGroups(session, flags.group) }),
  };
  if (Object.keys(body).length === 0)
    throw new CommandError("usage", "Nothing to set: give --name, --group or a setting");
  print(await session.call(routes.updateUpdateRing, { params: { id }, body }), flags.json, ringFacts);
}

async function pin(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  const [named, given, ...more] = positionals;
  if (named === undefined || given === undefined || more.length > 0)
    throw new CommandError("usage", `Give a ring and a version, or ${NEWEST}`);
  await using session = await openSession(flags);
  const { id } = await findRing(session, named);
  const body = { version: given === NEWEST ? null : given };
  print(await session.call(routes.updateUpdateRing, { params: { id }, body }), flags.json, ringFacts);
}

async function act(verb: keyof typeof VERBS, args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  const { id } = await findRing(session, only(positionals));
  print(await session.call(VERBS[verb], { params: { id } }), flags.json, ringFacts);
}

async function remove(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  const ring = await findRing(session, only(positionals));
  await session.call(routes.deleteUpdateRing, { params: { id: ring.id } });
  const { hosts } = ring.hosts;
  const moved = `${countOf(hosts, "host moves", "hosts move")} to the last ring.`;
  print({ deleted: ring.id }, flags.json, () => `Deleted ${ring.name}. ${moved}`);
}

async function retryHost(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  const named = only(positionals);
  await using session = await openSession(flags);
  const id = sensorId.safeParse(named).success ? named : await findHostId(session, named);
  print(await session.call(routes.retryHostUpdate, { params: { id } }), flags.json, (host) =>
    hostTable([host]),
  );
}

async function findHostId(session: ApiSession, hostname: string): Promise<string> {
  const same = (await listHosts(session, { q: hostname })).filter(
    (host) => nameKey(host.hostname) === nameKey(hostname),
  );
  if (same.length > 1)
    throw new CommandError("refused", `${same.length} hosts are named "${hostname}"`, "give the sensor's id");
  if (same[0]) return same[0].id;
  throw new CommandError("not-found", `There is no host named "${hostname}"`);
}

async function order(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  const ids: string[] = [];
  for (const named of positionals) ids.push((await findRing(session, named)).id);
  await session.call(routes.orderUpdateRings, { body: { ids } });
  print((await session.call(routes.getUpdates, {})).rings, flags.json, ringTable);
}

function only([named, ...more]: string[]): string {
  if (named === undefined || more.length > 0)
    throw new CommandError("usage", "Give one, by its name or its id");
  return named;
}

async function findRing(session: ApiSession, named: string): Promise<routes.UpdateRing> {
  if (updateRingId.safeParse(named).success)
    return await session.call(routes.getUpdateRing, { params: { id: named } });
  const { rings } = await session.call(routes.getUpdates, {});
  const found = rings.find(({ name }) => nameKey(name) === nameKey(named));
  if (found) return found;
  throw new CommandError("not-found", `There is no ring named "${named}"`);
}

async function findGroups(session: ApiSession, named: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const one of named) ids.push(await findGroup(session, one));
  return ids;
}

function print<T>(value: T, json: boolean | undefined, describe: (value: T) => string): void {
  console.log(json ? JSON.stringify(value, null, 2) : describe(value));
}
