// Durable check-ins on PostgreSQL with one, two and four processes of the server, with a MAC and with
// Ed25519. More processes need more cores: the load generator takes one, and PostgreSQL's processes others.
import { join } from "node:path";
import type { BenchPostgres } from "./bench-postgres.ts";
import { checkIns, type Sign, withEd25519, withMac } from "./check-in.ts";
import { type Figure, plainFigure, ratioFigure } from "./figure.ts";
import { interleave, type Load, runLoad } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { agreeOnMacs, enrollHosts, openTarget } from "./target.ts";

const PROCESSES = [1, 2, 4];
const ROUNDS = 3;
const ROUND_SECONDS = 8;
/** So long that the runtime of each process has compiled what is frequent. */
const WARM_UP_SECONDS = 8;
/** So many that two requests of one sensor are never at two processes at the same time, in either order. */
const SENSORS = 5_000;
/** The kernel spreads them over the processes, the more evenly the more there are. */
const CONNECTIONS = 128;
/** More check-ins than a server answers in a second before it is measured. */
const MOST_PER_SECOND = 25_000;
const SIGNS: Record<string, Sign> = { "with a MAC": withMac, "with Ed25519": withEd25519 };

export async function benchProcesses(
  folder: string,
  postgres: BenchPostgres,
  { sensors = SENSORS }: BenchOptions,
): Promise<Figure[]> {
  await using opened = new AsyncDisposableStack();
  const steps: Record<string, () => Promise<Load>> = {};
  for (const processes of PROCESSES) {
    const database = opened.use(await postgres.createDatabase());
    const target = opened.use(
      await openTarget({
        ...{ dataDir: join(folder, String(processes)), databaseUrl: database.url, profile: undefined },
        environment: { ATTACKLENS_PROCESSES: String(processes) },
      }),
    );
    const hosts = await enrollHosts(target, sensors);
    await agreeOnMacs(target, hosts);
    const pids = [target.pid, ...postgres.pids];
    for (const [how, sign] of Object.entries(SIGNS)) {
      const load = (seconds: number, mostPerSecond: number) => {
        const requests = checkIns({ target, hosts, sign }, Math.ceil(mostPerSecond * seconds));
        return runLoad({ folder, url: target.url, pids, requests, connections: CONNECTIONS, seconds });
      };
      const { perSecond } = await load(WARM_UP_SECONDS, MOST_PER_SECOND);
      steps[nameOf(how, processes)] = () => load(ROUND_SECONDS, perSecond * 1.5);
    }
  }
  const rounds = await interleave(ROUNDS, steps);
  return Object.keys(SIGNS).flatMap((how) => figuresOf(rounds, how));
}

function figuresOf(rounds: Record<string, Load>[], how: string): Figure[] {
  const loads = (processes: number) => rounds.map((round) => round[nameOf(how, processes)]!);
  const rates = (processes: number) => loads(processes).map(({ perSecond }) => perSecond);
  return PROCESSES.flatMap((processes) => {
    const title = `${processes} ${processes === 1 ? "process" : "processes"}`;
    const times = loads(processes).map(({ cpuUs }) => cpuUs);
    const pairs = rates(processes).map((value, round) => ({ value, base: rates(1)[round]! }));
    return [
      processes === 1
        ? plainFigure(`check-ins ${how}, ${title}`, "per s", undefined, rates(1))
        : ratioFigure(`check-ins ${how}, ${title}`, "per s", undefined, pairs),
      plainFigure(`CPU of one ${how}, ${title}`, "µs", undefined, times),
    ];
  });
}

function nameOf(how: string, processes: number): string {
  return `${how}, ${processes}`;
}
