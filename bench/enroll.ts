// Concurrent enrollments with one token, as in a rollout, interleaved with the autoregistrations of Zabbix.
// All of them are durable, and the CPU time of PostgreSQL counts. Every program may use both cores: the
// processes of PostgreSQL and Zabbix do, and a server on SQLite verifies signatures and writes checkpoints in
// other threads. The load generator takes a part of the second core. To see what one core does, start
// `taskset -a -c -p 0 PID` for the server.
import { join } from "node:path";
import type { BenchPostgres } from "./bench-postgres.ts";
import { type Figure, plainFigure, ratioFigure } from "./figure.ts";
import { interleave, type Load, requestBytes, runLoad } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { enrollment, openTarget, type Target } from "./target.ts";
import { zabbixEnrollment } from "./zabbix.ts";

const ROUNDS = 5;
const CONNECTIONS = 200;
const ZABBIX_SECONDS = 8;
/** What Zabbix has processes for. */
const ZABBIX_CONNECTIONS = 8;
/** More than Zabbix answers in a round. */
const ZABBIX_HOSTS = 100_000;
/** A round ends when all its hosts are enrolled. */
const LONGEST_SECONDS = 300;
const HOSTS = 100_000;
const GOALS = { sqlite: { perSecond: 5_000, ratio: 20 }, postgres: { perSecond: 2_500, ratio: 10 } };
const TITLES = { sqlite: "SQLite", postgres: "PostgreSQL" };

type Measured = "sqlite" | "postgres";
type Round = Record<Measured | "zabbix", Load>;

/** Enrolls `hosts` hosts from nothing on each database. */
export async function benchEnroll(
  folder: string,
  postgres: BenchPostgres,
  { sensors: hosts = HOSTS, profile }: BenchOptions,
): Promise<Figure[]> {
  await using zabbix = await postgres.openZabbix(folder);
  await using database = await postgres.createDatabase();
  await using sqlite = await openTarget({ dataDir: join(folder, "sqlite"), profile });
  await using onPostgres = await openTarget({
    dataDir: join(folder, "postgres"),
    databaseUrl: database.url,
    profile: undefined,
  });
  const perRound = Math.ceil(hosts / ROUNDS);
  let [enrolled, registered] = [0, 0];
  const load = ({ url, token, pid }: Target, pids: number[]) => {
    const first = enrolled;
    enrolled += perRound;
    return runLoad({
      ...{ folder, url, pids: [pid, ...pids], connections: CONNECTIONS, seconds: LONGEST_SECONDS },
      requests: made(perRound, (index) => requestBytes(url, enrollment(token, first + index))),
    });
  };
  const rounds = await interleave(ROUNDS, {
    sqlite: () => load(sqlite, []),
    postgres: () => load(onPostgres, postgres.pids),
    zabbix: () => {
      const first = registered;
      registered += ZABBIX_HOSTS;
      return runLoad({
        ...{ folder, url: zabbix.url, pids: [zabbix.pid, ...postgres.pids], closing: true },
        ...{ connections: ZABBIX_CONNECTIONS, seconds: ZABBIX_SECONDS },
        requests: made(ZABBIX_HOSTS, (index) => zabbixEnrollment(first + index)),
      });
    },
  });
  return [...figuresOf(rounds, "sqlite", hosts), ...figuresOf(rounds, "postgres", hosts)];
}

function figuresOf(rounds: Round[], name: Measured, hosts: number): Figure[] {
  const [goal, title] = [GOALS[name], TITLES[name]];
  const own = (what: "perSecond" | "longestMs") => rounds.map((round) => round[name][what]);
  const pairs = (what: "perSecond" | "cpuUs") =>
    rounds.map((round) => ({ value: round[name][what], base: round.zabbix[what] }));
  const seconds = rounds.reduce((sum, round) => sum + round[name].seconds, 0);
  return [
    plainFigure(`enrollments, ${title}`, "per s", { atLeast: goal.perSecond }, own("perSecond")),
    ratioFigure(`enrollments ÷ Zabbix, ${title}`, "per s", { atLeast: goal.ratio }, pairs("perSecond")),
    ratioFigure(`CPU of one ÷ Zabbix, ${title}`, "µs", { atMost: 1 / goal.ratio }, pairs("cpuUs")),
    plainFigure(`${hosts} hosts from nothing, ${title}`, "s", { atMost: 60 }, [seconds]),
    plainFigure(`longest wait, ${title}`, "ms", { atMost: 1_000 }, own("longestMs")),
  ];
}

function made(count: number, make: (index: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
