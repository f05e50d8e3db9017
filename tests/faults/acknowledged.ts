// Sends random requests to a server and records which ones it acknowledged. After a kill, all acknowledged
// changes must still exist, with one audit event each, and all numbers must equal a recount. A request whose
// reply was lost is sent again and must not create a second object.
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { exportAuditJsonLines } from "@attacklens/protocol/audit-events.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import {
  createEnrollmentToken,
  listEnrollmentTokens,
  pauseEnrollmentToken,
  revokeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { countSensors, type SensorCounts } from "@attacklens/protocol/sensor-counts.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import type { Session } from "../../harness/api-client.ts";
import { makeSigner } from "../../harness/signer.ts";
import { openHosts } from "./acknowledged-hosts.ts";
import { openRequests } from "./acknowledged-requests.ts";

interface Creation {
  route: typeof createEnrollmentToken | typeof createAssetGroup;
  name: string;
  key: string;
  /** Sensors enroll with it. */
  isUsed: boolean;
  scope?: object;
  /** Absent: not acknowledged yet. */
  id?: string;
  value?: string;
  /** "unknown": the reply to a pause or a revocation was lost. */
  status?: "paused" | "revoked" | "unknown";
}

type Sensors = RouteOutput<typeof listSensors>["items"];

/** `report` receives each violation. `random` selects the next request. */
export function openAcknowledged(session: Session, random: () => number, report: (text: string) => void) {
  const requests = openRequests(session, report);
  const fleet = openHosts(requests, random, report);
  const creations: Creation[] = [];
  let acknowledgements = 0;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const isToken = ({ route }: Creation) => route === createEnrollmentToken;
  const tokens = () => creations.filter((creation) => isToken(creation) && creation.isUsed);

  async function create(url: string, creation: Creation): Promise<void> {
    const { route, name, key, scope = { type: "all-assets" } } = creation;
    const body = { name, ...(isToken(creation) ? { scope, expiresAt: null } : {}) };
    const reply = await requests.ask(url, route, undefined, body, key);
    if (!reply) return;
    if (reply.status !== 201) return report(`creating ${name} returned ${JSON.stringify(reply)}`);
    const made = (reply.body.enrollmentToken ?? reply.body) as { id: string };
    if (creation.id !== undefined && creation.id !== made.id) report(`${name} was created twice`);
    creation.id = made.id;
    if (reply.body.value) creation.value = reply.body.value as string;
    acknowledgements++;
  }

  function newCreation(route: Creation["route"], use?: Partial<Creation>): Creation {
    const name = `made-${creations.length}`;
    const creation = { route, name, key: newIdempotencyKey(), isUsed: false, ...use };
    creations.push(creation);
    return creation;
  }

  async function pauseOrRevoke(url: string, creation: Creation): Promise<void> {
    const isPause = creation.status === undefined && random() < 0.5;
    creation.status ??= "unknown";
    const reply = await requests.ask(
      url,
      isPause ? pauseEnrollmentToken : revokeEnrollmentToken,
      creation.id,
    );
    if (reply?.status !== 200) return;
    creation.status = isPause ? "paused" : "revoked";
    acknowledgements++;
  }

  async function reviewCreations(url: string): Promise<void> {
    const listed = await requests.list(url, listEnrollmentTokens);
    const groups = await requests.list(url, listAssetGroups);
    for (const { id, name, status } of creations) {
      const same = [...listed, ...groups].filter((object) => object.name === name);
      if (id && same.length !== 1) report(`${name} exists ${same.length} times`);
      if (id && same.length === 1 && same[0]!.id !== id) report(`${name} has another id`);
      const found = listed.find((one) => one.id === id)?.status;
      // A revocation after the pause may have lost its reply.
      if (status && ![status, "revoked"].includes(`${found}`) && status !== "unknown")
        report(`lost: ${name} is ${found}, not ${status}`);
    }
    const revoked = pick(creations.filter(({ status, value }) => status === "revoked" && value));
    if (revoked) await enrollWithRevoked(url, revoked.value!);
    // A retry of an acknowledged request returns the object that it created.
    const made = pick(creations.filter(({ id, isUsed, status }) => id && !isUsed && !status));
    if (made) await create(url, made);
  }

  async function enrollWithRevoked(url: string, value: string): Promise<void> {
    const signer = makeSigner();
    const machine = { platform: "linux", architecture: "amd64", osName: "Debian GNU/Linux", osVersion: "12" };
    const body = {
      ...{ protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE, publicKey: signer.publicKey },
      host: { hostname: "host-refused", ...machine },
    };
    const { path, init } = signer.sign(enroll.path, body, signer.publicKey, value);
    const reply = await requests.send(url, path, init);
    if (reply && reply.body.code !== "token-revoked")
      report(`a revoked token returned ${JSON.stringify(reply)}`);
  }

  /** Compares the numbers that the server keeps with a count of all sensors. */
  async function recount(url: string, sensors: Sensors): Promise<void> {
    const reply = await requests.ask(url, countSensors);
    if (!reply) return;
    const counts = reply.body as unknown as SensorCounts;
    const shown = {
      sensors: counts.sensors,
      // Sensors become offline while they are counted.
      statuses: byValue(counts.byStatus.map(({ status, sensors: n }) => [seenOrNot(status), n])),
      platforms: byValue(counts.byPlatform.map(({ platform, sensors: n }) => [platform, n])),
      versions: byValue(counts.byVersion.map(({ version, sensors: n }) => [version, n])),
      tokens: byValue(
        counts.byEnrollmentToken.map(({ enrollmentToken, sensors: n }) => [enrollmentToken.id, n]),
      ),
      groups: byValue(counts.byAssetGroup.map(({ assetGroup, sensors: n }) => [assetGroup?.id ?? "", n])),
    };
    const counted = {
      sensors: sensors.length,
      statuses: byValue(sensors.map(({ status }) => [seenOrNot(status), 1])),
      platforms: byValue(sensors.map(({ platform }) => [platform, 1])),
      versions: byValue(sensors.map(({ version }) => [version, 1])),
      tokens: byValue(sensors.map(({ enrolledBy }) => [enrolledBy.id, 1])),
      groups: byValue(sensors.map(({ assetGroup }) => [assetGroup?.id ?? "", 1])),
    };
    if (!Bun.deepEquals(shown, counted))
      report(`the numbers ${JSON.stringify(shown)} are not ${JSON.stringify(counted)}`);
    for (const { id, enrolledSensors } of await requests.list(url, listEnrollmentTokens)) {
      const used = sensors.filter(({ enrolledBy }) => enrolledBy.id === id).length;
      if (enrolledSensors !== used) report(`${id} counts ${enrolledSensors} of ${used} sensors`);
    }
    for (const { id, assets } of await requests.list(url, listAssetGroups)) {
      const members = sensors.filter(({ assetGroup }) => assetGroup?.id === id).length;
      if (assets !== members) report(`${id} counts ${assets} of ${members} assets`);
    }
  }

  /** Reports acknowledged changes without their audit event, and changes with two. */
  async function reviewEvents(url: string): Promise<void> {
    const actions = ["sensor.enrolled", "sensor.blocked", "asset-group.created"];
    for (const change of ["created", "paused", "revoked"]) actions.push(`enrollment-token.${change}`);
    const lines = await requests.readLines(url, exportAuditJsonLines, `?action=${actions.join()}`);
    if (!lines) return report("the audit events cannot be exported");
    const events = new Map<string, number>();
    const times = (event: string) => events.get(event) ?? 0;
    for (const { action, entityId } of lines.slice(1) as { action: string; entityId: string }[])
      events.set(`${action} ${entityId}`, times(`${action} ${entityId}`) + 1);
    for (const [event, count] of events) if (count !== 1) report(`${event} has ${count} audit events`);
    const expected = [
      ...fleet.hosts.map(({ sensorId }) => `sensor.enrolled ${sensorId}`),
      ...fleet.hosts.filter(({ block }) => block).map(({ sensorId }) => `sensor.blocked ${sensorId}`),
      ...creations.map(({ route, id }) =>
        route === createAssetGroup ? `asset-group.created ${id}` : `enrollment-token.created ${id}`,
      ),
      ...creations.flatMap(({ id, status }) =>
        status && status !== "unknown" ? [`enrollment-token.${status} ${id}`] : [],
      ),
    ];
    for (const event of expected) if (!events.has(event)) report(`lost: the audit event of ${event}`);
  }

  return {
    acknowledgements: () => acknowledgements + fleet.acknowledgements(),
    isAway: requests.isAway,
    back: requests.back,

    /** Creates the tokens that the hosts enroll with. */
    async begin(url: string): Promise<void> {
      const group = newCreation(createAssetGroup);
      await create(url, group);
      const scope = { type: "asset-group", assetGroupId: group.id };
      await create(url, newCreation(createEnrollmentToken, { isUsed: true }));
      await create(url, newCreation(createEnrollmentToken, { isUsed: true, scope }));
    },

    /** Sends one random request. */
    async act(url: string): Promise<void> {
      const kind = random();
      if (kind < 0.85)
        return await fleet.act(
          url,
          tokens().map(({ id, value }) => ({ id: id!, value: value! })),
        );
      const unused = creations.filter(
        (creation) => isToken(creation) && creation.id && !creation.isUsed && creation.status !== "revoked",
      );
      const chosen = kind > 0.94 ? pick(unused) : undefined;
      if (chosen) return await pauseOrRevoke(url, chosen);
      await create(url, newCreation(random() < 0.6 ? createEnrollmentToken : createAssetGroup));
    },

    /** Repeats the requests that were not acknowledged, then reports everything lost or doubled. */
    async verify(url: string): Promise<void> {
      for (const creation of creations.filter(({ id }) => !id)) await create(url, creation);
      await fleet.repeat(url);
      const sensors = await requests.list(url, listSensors);
      await fleet.review(url, sensors);
      await reviewCreations(url);
      await recount(url, sensors);
      await reviewEvents(url);
    },
  };
}

const seenOrNot = (status: string) => (status === "online" || status === "offline" ? "seen" : status);

/** Adds up the numbers of each value, and leaves out those that are 0. */
function byValue(entries: [string, number][]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [value, count] of entries) sums.set(value, (sums.get(value) ?? 0) + count);
  return Object.fromEntries([...sums].filter(([, count]) => count > 0).toSorted());
}
