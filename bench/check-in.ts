// Durable check-ins with a MAC and with Ed25519, interleaved with a "hello world" server on the same runtime,
// which gets the same bytes on as many connections, and with the active checks of Zabbix. The CPU time of
// PostgreSQL counts.
import { join } from "node:path";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import type { SignedRequest } from "../harness/signer.ts";
import type { BenchPostgres } from "./bench-postgres.ts";
import { type Figure, plainFigure, ratioFigure } from "./figure.ts";
import { interleave, type Load, pinTo, requestBytes, runLoad } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { agreeOnMacs, type EnrolledHost, enrollHosts, openTarget, type Target, VERSIONS } from "./target.ts";
import { zabbixCheckIn } from "./zabbix.ts";

const ROUNDS = 5;
const ROUND_SECONDS = 8;
/** So long that the runtime has compiled what is frequent. */
const WARM_UP_SECONDS = 8;
/** So many that none reaches its limit of requests in an hour. */
const SENSORS = 1_000;
/** Each sends the check-ins of a part of the sensors, in order. */
const CONNECTIONS = 50;
/** What Zabbix has processes for. */
const ZABBIX_CONNECTIONS = 8;
/** More check-ins than a server answers in a second before it is measured. */
const MOST_PER_SECOND = 25_000;
const REPORT = { ...VERSIONS, inventory: {} };

type Name = "mac" | "ed25519" | "postgres" | "hello" | "zabbix";
export type Sign = (host: EnrolledHost) => SignedRequest;

interface Subject {
  target: Target;
  hosts: EnrolledHost[];
  pids: number[];
  sign: Sign;
  /** Signing takes longer than a round, so no more is signed than the server answers. */
  mostPerSecond: number;
}

export const withMac: Sign = ({ signer }) => signer.signWithMac(checkIn.path, REPORT);
export const withEd25519: Sign = ({ signer, id }) => signer.sign(checkIn.path, REPORT, id);

export async function benchCheckIn(
  folder: string,
  postgres: BenchPostgres,
  { sensors = SENSORS, profile }: BenchOptions,
): Promise<Figure[]> {
  await using zabbix = await postgres.openZabbix(folder);
  await using database = await postgres.createDatabase();
  const onDatabase = { databaseUrl: database.url, profile: undefined };
  await using sqliteServer = await openTarget({ dataDir: join(folder, "sqlite"), profile });
  await using postgresServer = await openTarget({ dataDir: join(folder, "postgres"), ...onDatabase });
  await using hello = await openHello();
  // PostgreSQL's processes and those of Zabbix take both cores.
  for (const { pid } of [sqliteServer, hello]) await pinTo(pid);
  const open = async (target: Target, pids: number[]) => {
    const hosts = await enrollHosts(target, sensors);
    await agreeOnMacs(target, hosts);
    const subject = { target, hosts, pids: [target.pid, ...pids], mostPerSecond: MOST_PER_SECOND };
    return (sign: Sign) => warmUp(folder, { ...subject, sign });
  };
  const openOnSqlite = await open(sqliteServer, []);
  const [mac, ed25519] = [await openOnSqlite(withMac), await openOnSqlite(withEd25519)];
  const onPostgres = await (await open(postgresServer, postgres.pids))(withMac);
  const sameBytes = checkIns(mac, 1_000);
  const zabbixRequests = Array.from({ length: 1_000 }, (_, index) => zabbixCheckIn(index));

  const seconds = ROUND_SECONDS;
  const rounds = await interleave<Name>(ROUNDS, {
    mac: () => load(folder, mac, seconds),
    hello: () =>
      runLoad({
        ...{ folder, url: hello.url, pids: [hello.pid], connections: CONNECTIONS, seconds },
        ...{ requests: sameBytes, repeat: true },
      }),
    ed25519: () => load(folder, ed25519, seconds),
    zabbix: () =>
      runLoad({
        ...{ folder, url: zabbix.url, pids: [zabbix.pid, ...postgres.pids] },
        ...{ requests: zabbixRequests, repeat: true, closing: true },
        ...{ connections: ZABBIX_CONNECTIONS, seconds },
      }),
    postgres: () => load(folder, onPostgres, seconds),
  });
  return figuresOf(rounds);
}

function figuresOf(rounds: Record<Name, Load>[]): Figure[] {
  const of = (value: Name, base: Name, what: "cpuUs" | "perSecond") =>
    rounds.map((round) => ({ value: round[value][what], base: round[base][what] }));
  const plain = (name: Name, what: "cpuUs" | "perSecond") => rounds.map((round) => round[name][what]);
  return [
    plainFigure("CPU of a check-in with a MAC", "µs", { atMost: 55 }, plain("mac", "cpuUs")),
    plainFigure("check-ins with a MAC", "per s", { atLeast: 15_000 }, plain("mac", "perSecond")),
    ratioFigure("hello world ÷ check-in with a MAC", "µs", { atLeast: 0.3 }, of("hello", "mac", "cpuUs")),
    plainFigure("CPU of a check-in with Ed25519", "µs", { atMost: 110 }, plain("ed25519", "cpuUs")),
    plainFigure("check-ins with Ed25519", "per s", { atLeast: 7_000 }, plain("ed25519", "perSecond")),
    ratioFigure("check-ins ÷ Zabbix's, SQLite", "per s", { atLeast: 4 }, of("mac", "zabbix", "perSecond")),
    ratioFigure("CPU of one ÷ Zabbix's, SQLite", "µs", { atMost: 0.25 }, of("mac", "zabbix", "cpuUs")),
    ratioFigure(
      "check-ins ÷ Zabbix's, PostgreSQL",
      "per s",
      { atLeast: 2 },
      of("postgres", "zabbix", "perSecond"),
    ),
    ratioFigure(
      "CPU of one ÷ Zabbix's, PostgreSQL",
      "µs",
      { atMost: 0.5 },
      of("postgres", "zabbix", "cpuUs"),
    ),
  ];
}

async function warmUp(folder: string, subject: Subject): Promise<Subject> {
  const { perSecond } = await load(folder, subject, WARM_UP_SECONDS);
  return { ...subject, mostPerSecond: perSecond * 1.5 };
}

async function load(folder: string, subject: Subject, seconds: number): Promise<Load> {
  const requests = checkIns(subject, Math.ceil(subject.mostPerSecond * seconds));
  const { target, pids } = subject;
  return await runLoad({ folder, url: target.url, pids, requests, connections: CONNECTIONS, seconds });
}

export function checkIns(
  { target, hosts, sign }: Pick<Subject, "target" | "hosts" | "sign">,
  count: number,
): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    requestBytes(target.url, sign(hosts[index % hosts.length]!)),
  );
}

async function openHello() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "hello.ts")], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  const url = new TextDecoder().decode(value).trim().slice("listening on ".length);
  return {
    ...{ url, pid: child.pid },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}
