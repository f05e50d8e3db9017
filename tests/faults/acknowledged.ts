// Sends random requests to a server and records which ones it acknowledged. After a kill, all acknowledged
// changes must still exist. A request whose reply was lost is sent again and must not create a second object.

import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import {
  createEnrollmentToken,
  getEnrollmentToken,
  listEnrollmentTokens,
  pauseEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { IDEMPOTENCY_KEY_HEADER, newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { type Route, type RouteOutput, routePath } from "@attacklens/protocol/route.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import type { Session } from "../../harness/api-client.ts";
import { makeSigner, type SignedRequest } from "../../harness/signer.ts";

interface Reply {
  status: number;
  body: Record<string, unknown>;
}

interface Creation {
  route: typeof createEnrollmentToken | typeof createAssetGroup;
  name: string;
  key: string;
  /** Absent: not acknowledged yet. */
  id?: string;
  value?: string;
}

interface Host {
  signer: ReturnType<typeof makeSigner>;
  hostname: string;
  sensorId?: string;
  /** A sensor sends one request at a time, because its nonces increase. */
  isBusy?: boolean;
  /** The last acknowledged check-in. The server must reject it as replayed. */
  checkedIn?: SignedRequest;
}

const SENDER = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };
const NOT_COLLECTED = { status: "failed", reason: "not collected" };
const INVENTORY = Object.fromEntries(CATEGORIES.map((category) => [category, NOT_COLLECTED]));

/** `report` receives each violation. `random` selects the next request. */
export function openAcknowledged(session: Session, random: () => number, report: (text: string) => void) {
  const hosts: Host[] = [];
  const creations: Creation[] = [];
  const paused = new Set<string>();
  let token: { id: string; value: string } | undefined;
  let acknowledgements = 0;
  let names = 0;
  let isAway = false;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];

  /** Returns undefined if the connection broke, or if the server asks to retry later. */
  async function send(url: string, path: string, init: RequestInit): Promise<Reply | undefined> {
    const reply = await fetch(url + path, init).catch(() => undefined);
    const text = await reply?.text().catch(() => undefined);
    if (!reply || text === undefined) {
      isAway = true;
      return undefined;
    }
    if (reply.status === 429 || (reply.status === 503 && reply.headers.has("retry-after"))) return undefined;
    if (reply.status >= 500) report(`${init.method} ${path} returned ${reply.status}: ${text}`);
    return { status: reply.status, body: text ? JSON.parse(text) : {} };
  }

  function ask(url: string, route: Route, id?: string, body?: unknown, key?: string) {
    return send(url, routePath(route, id === undefined ? undefined : { id }), {
      method: route.method,
      headers: {
        ...(route.method === "GET" ? {} : { origin: url, "content-type": "application/json" }),
        ...(key ? { [IDEMPOTENCY_KEY_HEADER]: key } : {}),
        cookie: session.cookie ?? "",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function create(url: string, creation: Creation): Promise<void> {
    const { route, name, key } = creation;
    const body = {
      name,
      ...(route === createEnrollmentToken ? { scope: { type: "all-assets" }, expiresAt: null } : {}),
    };
    const reply = await ask(url, route, undefined, body, key);
    if (!reply) return;
    if (reply.status !== 201) return report(`creating ${name} returned ${JSON.stringify(reply)}`);
    const made = (reply.body.enrollmentToken ?? reply.body) as { id: string };
    if (creation.id !== undefined && creation.id !== made.id) report(`${name} was created twice`);
    creation.id = made.id;
    if (reply.body.value) creation.value = reply.body.value as string;
    acknowledgements++;
  }

  async function enrollHost(url: string, host: Host): Promise<void> {
    const machine = { platform: "linux", architecture: "amd64", osName: "Debian GNU/Linux", osVersion: "12" };
    const body = {
      ...SENDER,
      publicKey: host.signer.publicKey,
      host: { ...machine, hostname: host.hostname },
    };
    const { path, init } = host.signer.sign(enroll.path, body, host.signer.publicKey, token!.value);
    const reply = await send(url, path, init);
    if (!reply) return;
    if (reply.status !== 201) return report(`enrolling ${host.hostname} returned ${JSON.stringify(reply)}`);
    if (host.sensorId !== undefined && host.sensorId !== reply.body.sensorId)
      report(`${host.hostname} became two sensors`);
    host.sensorId = reply.body.sensorId as string;
    acknowledgements++;
  }

  async function checkInHost(url: string, host: Host): Promise<void> {
    host.isBusy = true;
    const request = host.signer.sign(checkIn.path, { ...SENDER, inventory: INVENTORY }, host.sensorId!);
    const reply = await send(url, request.path, request.init);
    host.isBusy = false;
    if (!reply) return;
    if (reply.status !== 200)
      return report(`the check-in of ${host.hostname} returned ${JSON.stringify(reply)}`);
    host.checkedIn = request;
    acknowledgements++;
  }

  async function pause(url: string, id: string): Promise<void> {
    const reply = await ask(url, pauseEnrollmentToken, id);
    if (reply?.status !== 200) return;
    paused.add(id);
    acknowledgements++;
  }

  function newCreation(): Creation {
    const route = random() < 0.6 ? createEnrollmentToken : createAssetGroup;
    const creation: Creation = { route, name: `made-${++names}`, key: newIdempotencyKey() };
    creations.push(creation);
    return creation;
  }

  async function list<R extends Route>(url: string, route: R): Promise<RouteOutput<R>[]> {
    const items: RouteOutput<R>[] = [];
    let cursor: string | null | undefined;
    do {
      const path = `${routePath(route)}?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
      const reply = await send(url, path, { method: "GET", headers: { cookie: session.cookie ?? "" } });
      if (reply?.status !== 200) throw new Error(`${path} returned ${JSON.stringify(reply)}`);
      items.push(...(reply.body.items as RouteOutput<R>[]));
      cursor = reply.body.nextCursor as string | null;
    } while (cursor);
    return items;
  }

  return {
    acknowledgements: () => acknowledgements,
    /** True after a connection broke, until `back` is called. */
    isAway: () => isAway,
    back: () => {
      isAway = false;
    },
    /** Creates the token that the hosts enroll with. */
    async begin(url: string): Promise<void> {
      const creation: Creation = {
        route: createEnrollmentToken,
        name: "the hosts' token",
        key: newIdempotencyKey(),
      };
      creations.push(creation);
      await create(url, creation);
      token = { id: creation.id!, value: creation.value! };
    },

    /** Sends one random request. */
    async act(url: string): Promise<void> {
      const kind = random();
      const enrolled = hosts.filter(({ sensorId, isBusy }) => sensorId !== undefined && !isBusy);
      if (kind < 0.4 || enrolled.length === 0) {
        const host: Host = { signer: makeSigner(), hostname: `host-${hosts.length}` };
        hosts.push(host);
        return await enrollHost(url, host);
      }
      if (kind < 0.75) return await checkInHost(url, pick(enrolled)!);
      const pausable = creations.filter(
        ({ route, id }) => route === createEnrollmentToken && id && id !== token?.id && !paused.has(id),
      );
      const chosen = kind > 0.9 ? pick(pausable) : undefined;
      if (chosen) return await pause(url, chosen.id!);
      await create(url, newCreation());
    },

    /** Repeats the requests that were not acknowledged, then reports lost and duplicate objects. */
    async verify(url: string): Promise<void> {
      for (const creation of creations.filter(({ id }) => !id)) await create(url, creation);
      for (const host of hosts.filter(({ sensorId }) => !sensorId)) await enrollHost(url, host);

      const sensors = (await list(url, listSensors)) as unknown as { id: string; hostname: string }[];
      const expected = hosts.flatMap(({ hostname, sensorId }) =>
        sensorId ? [`${sensorId} ${hostname}`] : [],
      );
      const found = sensors.map(({ id, hostname }) => `${id} ${hostname}`);
      for (const lost of expected.filter((sensor) => !found.includes(sensor))) report(`lost: sensor ${lost}`);
      if (new Set(sensors.map(({ hostname }) => hostname)).size !== sensors.length)
        report("a host has two sensors");

      const tokens = (await list(url, listEnrollmentTokens)) as unknown as {
        id: string;
        name: string;
        status: string;
      }[];
      const groups = (await list(url, listAssetGroups)) as unknown as { id: string; name: string }[];
      for (const { id, name } of creations) {
        const same = [...tokens, ...groups].filter((object) => object.name === name);
        if (id && same.length !== 1) report(`${name} exists ${same.length} times`);
        if (id && same.length === 1 && same[0]!.id !== id) report(`${name} has another id`);
      }
      for (const id of paused) {
        if (tokens.find((found) => found.id === id)?.status !== "paused") report(`lost: the pause of ${id}`);
      }

      const reply = await ask(url, getEnrollmentToken, token!.id);
      const uses = (reply?.body as { enrolledSensors?: number } | undefined)?.enrolledSensors;
      if (reply && uses !== sensors.length) report(`the token counts ${uses} of ${sensors.length} sensors`);

      for (const { checkedIn, hostname } of hosts.slice(-50)) {
        const again = checkedIn && (await send(url, checkedIn.path, checkedIn.init));
        if (again && again.body.code !== "signature-replayed")
          report(`lost: a check-in of ${hostname}, replayed with ${JSON.stringify(again)}`);
      }
      // A retry of an acknowledged request returns the object that it created.
      const made = pick(creations.filter(({ id }) => id && id !== token?.id && !paused.has(id)));
      if (made) await create(url, made);
      const host = pick(hosts.filter(({ sensorId }) => sensorId));
      if (host && !host.checkedIn) await enrollHost(url, host);
    },
  };
}
