// The sensors of random requests to a server that is killed: they enroll, check in, report packages and are
// blocked, and the server's acknowledgements are recorded.
import { createHash } from "node:crypto";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { putInventory } from "@attacklens/protocol/inventory/upload.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { previewSensorAction, runSensorAction } from "@attacklens/protocol/sensor-actions.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { blockSensor, type listSensors } from "@attacklens/protocol/sensors.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { makeSigner, type SignedRequest } from "../../harness/signer.ts";
import type { Requests } from "./acknowledged-requests.ts";

interface Host {
  number: number;
  hostname: string;
  signer: ReturnType<typeof makeSigner>;
  token: { id: string; value: string };
  sensorId?: string;
  /** A sensor sends one request at a time, because its nonces increase. */
  isBusy?: boolean;
  /** It signs with MACs. */
  hasAgreed?: boolean;
  /** The last acknowledged check-in. The server must reject it as replayed. */
  checkedIn?: SignedRequest & { at: number };
  /** Versions of the packages that it tried to report, and that the server acknowledged last. */
  tried: number;
  stored: number;
  /** "lost": the reply to the block did not arrive. */
  block?: "lost" | "acknowledged";
}

type CheckInReply = RouteOutput<typeof checkIn>;
type Sensors = RouteOutput<typeof listSensors>["items"];

const SENDER = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };
const PACKAGES = 30;
/** Hosts of one bulk action: those whose names differ in the last digit. */
const SELECTED = 10;
/** The hosts whose inventory, block or last check-in a review tests. */
const REVIEWED = 8;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The packages of a host after a number of upgrades. Most are the same on all hosts. */
function packagesOf(host: number, upgrades: number) {
  return Array.from({ length: PACKAGES }, (_, index) => {
    const version = index === host % PACKAGES ? `1.${host}.${upgrades}` : "1.0";
    return { key: `dpkg:package-${index}:amd64`, manager: "dpkg", name: `package-${index}`, version };
  });
}

export function openHosts(requests: Requests, random: () => number, report: (text: string) => void) {
  const hosts: Host[] = [];
  let acknowledgements = 0;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const idle = () => hosts.filter(({ sensorId, isBusy, block }) => sensorId && !isBusy && !block);

  /** Sends a signed request. Returns its content, or undefined if it was not acknowledged. */
  async function send(url: string, host: Host, { path, init }: SignedRequest) {
    const reply = await requests.send(url, path, init);
    if (!reply) return undefined;
    if (reply.status < 300) return reply.body;
    report(`${path} of ${host.hostname} returned ${JSON.stringify(reply)}`);
    return undefined;
  }

  function signed(host: Host, method: string, path: string, body: unknown): SignedRequest {
    const text = JSON.stringify(body);
    return host.hasAgreed && random() < 0.8
      ? host.signer.signTextWithMac(method, path, text)
      : host.signer.signText(method, path, text, host.sensorId!);
  }

  async function enrollHost(url: string, host: Host): Promise<void> {
    const machine = { platform: "linux", architecture: "amd64", osName: "Debian GNU/Linux", osVersion: "12" };
    const { publicKey } = host.signer;
    const body = { ...SENDER, publicKey, host: { ...machine, hostname: host.hostname } };
    const reply = await send(url, host, host.signer.sign(enroll.path, body, publicKey, host.token.value));
    if (!reply) return;
    if (host.sensorId !== undefined && host.sensorId !== reply.sensorId)
      report(`${host.hostname} became two sensors`);
    host.sensorId = reply.sensorId as string;
    acknowledgements++;
  }

  /** Returns the reply, or undefined if the check-in was not acknowledged. */
  async function checkInHost(url: string, host: Host, content: object): Promise<CheckInReply | undefined> {
    const at = Date.now();
    const announced = host.hasAgreed ? {} : { agreementKey: host.signer.agreementKey };
    const body = { ...SENDER, ...content, ...announced };
    const request = host.hasAgreed
      ? signed(host, "POST", checkIn.path, body)
      : host.signer.sign(checkIn.path, body, host.sensorId!);
    const reply = (await send(url, host, request)) as CheckInReply | undefined;
    if (!reply) return undefined;
    host.checkedIn = { ...request, at };
    acknowledgements++;
    if (reply.agreement) {
      host.signer.agree(host.sensorId!, reply.agreement);
      host.hasAgreed = true;
    }
    return reply;
  }

  async function reportPackages(url: string, host: Host): Promise<void> {
    if (host.tried === host.stored) host.tried++;
    const chunks = cutChunks("packages", packagesOf(host.number, host.tried), sha256);
    const names = chunks.map(({ hash }) => hash);
    const packages = { root: rootHash(names, sha256), chunks: names };
    const isListed = random() < 0.5;
    const listed = isListed ? packages : { root: packages.root };
    const reply = await checkInHost(url, host, {
      inventory: { packages: { status: "collected", ...listed } },
    });
    if (!reply) return;
    const put = async (contents: object) => {
      const body = { categories: { packages }, ...contents };
      const reply = await send(url, host, signed(host, "PUT", putInventory.path, body));
      return reply?.missing as { packages?: string[] } | undefined;
    };
    const isStored = isListed && !reply.undecided && !reply.wanted.includes("packages");
    let missing = isListed ? (isStored ? {} : reply.missing) : await put({});
    if (missing?.packages) {
      const wanted = chunks.filter(({ hash }) => missing!.packages!.includes(hash));
      const contents = wanted.map(({ hash, content }) => [hash, JSON.parse(content)]);
      missing = await put({ chunks: Object.fromEntries(contents) });
    }
    if (!missing) return;
    if (missing.packages) return report(`${host.hostname}: the server still lacks ${missing.packages}`);
    host.stored = host.tried;
    acknowledgements++;
  }

  async function blockHost(url: string, host: Host): Promise<void> {
    const isRepeated = host.block === "lost";
    host.block = "lost";
    const reply = await requests.ask(url, blockSensor, host.sensorId);
    if (!reply) return;
    if (reply.status !== 200 && !(isRepeated && reply.status === 409))
      return report(`blocking ${host.hostname} returned ${JSON.stringify(reply)}`);
    host.block = "acknowledged";
    acknowledgements++;
  }

  /** Blocks the hosts with the same first digits in one action. */
  async function blockSome(url: string): Promise<void> {
    const first = pick(idle());
    const name = first?.hostname.slice(0, -1);
    const chosen = idle().filter(({ hostname }) => hostname.slice(0, -1) === name);
    if (chosen.length !== SELECTED) return;
    await whileBusy(chosen, async () => {
      const action = { action: "block", filter: { q: name } };
      const preview = await requests.ask(url, previewSensorAction, undefined, action);
      if (!preview) return;
      if (preview.body.possible !== SELECTED)
        report(`the block of ${name} would change ${JSON.stringify(preview.body)}`);
      for (const host of chosen) host.block = "lost";
      const { fingerprint } = preview.body;
      const lines = await requests.readLines(url, runSensorAction, "", { ...action, fingerprint });
      const last = lines?.at(-1) as { isFinished: boolean; done: number; problem?: string } | undefined;
      if (!last?.isFinished || last.problem !== undefined) return;
      if (last.done !== SELECTED) report(`the block of ${name} ended with ${JSON.stringify(last)}`);
      for (const host of chosen) host.block = "acknowledged";
      acknowledgements++;
    });
  }

  async function whileBusy(chosen: Host[], act: () => Promise<void>): Promise<void> {
    for (const host of chosen) host.isBusy = true;
    await act();
    for (const host of chosen) host.isBusy = false;
  }

  const some = (isChosen: (host: Host) => unknown) => {
    const all = hosts.filter(isChosen);
    return Array.from({ length: Math.min(REVIEWED, all.length) }, () => pick(all)!);
  };

  return {
    acknowledgements: () => acknowledgements,
    hosts: hosts as readonly Readonly<Host>[],

    /** Sends one random request of a host, or blocks one. */
    async act(url: string, tokens: Host["token"][]): Promise<void> {
      const kind = random();
      const host = pick(idle());
      if (kind < 0.3 || !host) {
        const number = hosts.length;
        const hostname = `host-${String(number).padStart(5, "0")}`;
        const token = tokens[number % tokens.length]!;
        hosts.push({ number, hostname, token, signer: makeSigner(), tried: 0, stored: 0 });
        return await enrollHost(url, hosts.at(-1)!);
      }
      if (kind < 0.9)
        return await whileBusy([host], async () => {
          if (kind < 0.7) await checkInHost(url, host, {});
          else await reportPackages(url, host);
        });
      if (kind < 0.98) return await whileBusy([host], () => blockHost(url, host));
      await blockSome(url);
    },

    /** Repeats the requests that were not acknowledged. */
    async repeat(url: string): Promise<void> {
      for (const host of hosts) {
        host.isBusy = false;
        if (!host.sensorId) await enrollHost(url, host);
        if (host.block === "lost") await blockHost(url, host);
      }
    },

    /** Reports lost and duplicate sensors, check-ins, inventories and blocks. */
    async review(url: string, sensors: Sensors): Promise<void> {
      const found = new Map(sensors.map((sensor) => [sensor.id, sensor]));
      for (const { hostname, sensorId, block, checkedIn, token } of hosts) {
        const sensor = found.get(sensorId!);
        if (sensor?.hostname !== hostname || sensor.enrolledBy.id !== token.id)
          report(`lost: ${sensorId} ${hostname}, which is ${JSON.stringify(sensor)}`);
        else if ((block === "acknowledged") !== (sensor.status === "blocked"))
          report(`${hostname} is ${sensor.status}, and its block is ${block}`);
        else if (checkedIn && Date.parse(sensor.lastSeenAt) < checkedIn.at)
          report(`lost: a check-in of ${hostname}, seen at ${sensor.lastSeenAt}`);
      }
      if (new Set(sensors.map(({ hostname }) => hostname)).size !== sensors.length)
        report("a host has two sensors");
      for (const { checkedIn, hostname, block } of some((host) => host.checkedIn)) {
        const again = await requests.send(url, checkedIn!.path, checkedIn!.init);
        const expected = block ? "sensor-blocked" : "signature-replayed";
        if (again && again.body.code !== expected)
          report(`lost: a check-in or block of ${hostname}, replayed with ${JSON.stringify(again)}`);
      }
      for (const host of some(({ tried }) => tried > 0)) await reviewPackages(url, host);
      // A retry of an acknowledged request returns the object that it created.
      const host = pick(hosts.filter(({ checkedIn, block }) => !checkedIn && !block));
      if (host) await enrollHost(url, host);
    },
  };

  async function reviewPackages(url: string, { sensorId, hostname, number, tried, stored }: Host) {
    const path = listSensorInventory.path.replace("{id}", sensorId!).replace("{category}", "packages");
    const reply = await requests.ask(url, { ...listSensorInventory, path: `${path}?limit=200` });
    if (!reply) return;
    const texts = (items: object[]) => JSON.stringify(items.map((item) => JSON.stringify(item)).sort());
    // A report whose reply was lost may be stored too.
    const possible = [stored, tried].map((upgrades) =>
      texts(upgrades === 0 ? [] : packagesOf(number, upgrades)),
    );
    if (!possible.includes(texts(reply.body.items as object[])))
      report(`lost: inventory ${stored} or ${tried} of ${hostname}: ${JSON.stringify(reply.body)}`);
  }
}
