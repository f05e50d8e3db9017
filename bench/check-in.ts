// Durable, authenticated check-ins, interleaved with a "hello world" server on the same runtime, which gets
// the same bytes on as many connections, and with the active checks of Zabbix. The CPU time of PostgreSQL
// counts.
import { join } from "node:path";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import type { BenchPostgres } from "./bench-postgres.ts";
import { type Figure, plainFigure, ratioFigure } from "./figure.ts";
import { interleave, type Load, pinTo, requestBytes, runLoad } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { type EnrolledHost, enrollHosts, openTarget, type Target, VERSIONS } from "./target.ts";
import { zabbixCheckIn } from "./zabbix.ts";

const ROUNDS = 5;
const ROUND_SECONDS = 8;
const WARM_UP_SECONDS = 2;
const SENSORS = 1_000;
/** Each sends the check-ins of a part of the sensors, in order. */
const CONNECTIONS = 50;
/** What Zabbix has processes for. */
const ZABBIX_CONNECTIONS = 8;
/** More check-ins than a server answers in a second before it is measured. */
const MOST_PER_SECOND = 25_000;

type Name = "sqlite" | "postgres" | "hello" | "zabbix";

interface Subject {
  target: Target;
  hosts: EnrolledHost[];
  pids: number[];
  /** Signing takes longer than a round, so no more is signed than the server answers. */
  mostPerSecond: number;
}

export async function benchCheckIn(
  folder: string,
  postgres: BenchPostgres,
  { sensors = SENSORS, profile }: BenchOptions,
): Promise<Figure[]> {
  await using zabbix = await postgres.openZabbix(folder);
  await using database = await postgres.createDatabase();
  await using sqliteServer = await openTarget({ dataDir: join(folder, "sqlite"), profile });
  await using postgresServer = await openTarget({
    dataDir: join(folder, "postgres"),
    databaseUrl: database.url,
    profile: undefined,
  });
  await using hello = await openHello();
  // PostgreSQL's processes and those of Zabbix take both cores.
  for (const { pid } of [sqliteServer, hello]) await pinTo(pid);
  const sqlite = await openSubject(folder, sqliteServer, sensors, []);
  const onPostgres = await openSubject(folder, postgresServer, sensors, postgres.pids);
  const sameBytes = checkIns(sqlite, 1_000);
  const zabbixRequests = Array.from({ length: 1_000 }, (_, index) => zabbixCheckIn(index));

  const seconds = ROUND_SECONDS;
  const rounds = await interleave(ROUNDS, {
    sqlite: () => load(folder, sqlite, seconds),
    hello: () =>
      runLoad({
        ...{ folder, url: hello.url, pids: [hello.pid], connections: CONNECTIONS, seconds },
        ...{ requests: sameBytes, repeat: true },
      }),
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
    plainFigure("CPU of a check-in, SQLite", "µs", { atMost: 110 }, plain("sqlite", "cpuUs")),
    ratioFigure("hello world ÷ check-in", "µs", { atLeast: 0.3 }, of("hello", "sqlite", "cpuUs")),
    ratioFigure("check-ins ÷ Zabbix, SQLite", "per s", { atLeast: 4 }, of("sqlite", "zabbix", "perSecond")),
    ratioFigure("CPU ÷ Zabbix, SQLite", "µs", { atMost: 0.25 }, of("sqlite", "zabbix", "cpuUs")),
    ratioFigure(
      "check-ins ÷ Zabbix, PostgreSQL",
      "per s",
      { atLeast: 2 },
      of("postgres", "zabbix", "perSecond"),
    ),
    ratioFigure("CPU ÷ Zabbix, PostgreSQL", "µs", { atMost: 0.5 }, of("postgres", "zabbix", "cpuUs")),
  ];
}

async function openSubject(
  folder: string,
  target: Target,
  sensors: number,
  pids: number[],
): Promise<Subject> {
  const hosts = await enrollHosts(target, sensors);
  const subject = { target, hosts, pids: [target.pid, ...pids], mostPerSecond: MOST_PER_SECOND };
  const { perSecond } = await load(folder, subject, WARM_UP_SECONDS);
  return { ...subject, mostPerSecond: perSecond * 1.5 };
}

async function load(folder: string, subject: Subject, seconds: number): Promise<Load> {
  const requests = checkIns(subject, Math.ceil(subject.mostPerSecond * seconds));
  const { target, pids } = subject;
  return await runLoad({ folder, url: target.url, pids, requests, connections: CONNECTIONS, seconds });
}

function checkIns({ target, hosts }: Subject, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const { signer, id } = hosts[index % hosts.length]!;
    return requestBytes(target.url, signer.sign(checkIn.path, { ...VERSIONS, inventory: {} }, id));
  });
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
