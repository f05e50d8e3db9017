// Zabbix's server from Debian, as a peer: its check-in is a request for active checks, and its enrollment the
// first one of an unknown host, which an autoregistration action adds. Nothing is signed there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { SQL } from "bun";
import { findOrInstall } from "../harness/debian.ts";
import { findFreePort } from "../harness/free-port.ts";
import { lastLines } from "../harness/programs.ts";
import { TaskError } from "../harness/terminal.ts";
import { waitUntil } from "../harness/wait-until.ts";

export interface Zabbix extends AsyncDisposable {
  url: string;
  pid: number;
}

const SQL_FOLDER = "/usr/share/zabbix-server-pgsql";
/** Zabbix refuses ports above 32767, where the free ones are that a system gives. */
const PORT = 10_951;
const KNOWN_HOSTS = 1_000;
/** An event source and an operation of Zabbix: https://www.zabbix.com/documentation/6.0/en/manual/api */
const [AUTOREGISTRATION, ADD_HOST, STARTED] = [2, 2, "server #0 started"];

/** Fills the given empty database, and starts a server that knows `KNOWN_HOSTS` hosts. */
export async function openZabbix(folder: string, databaseUrl: string): Promise<Zabbix> {
  const program = await findOrInstall("zabbix_server");
  await fill(databaseUrl);
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const listenPort = await findFreePort(PORT);
  const settings = {
    ...{ ListenIP: "127.0.0.1", ListenPort: listenPort, AllowRoot: 1 },
    ...{ DBHost: hostname, DBPort: port, DBUser: username, DBPassword: password, DBName: pathname.slice(1) },
    ...{ LogType: "file", LogFile: join(folder, "zabbix.log"), PidFile: join(folder, "zabbix.pid") },
    ...{ SocketDir: folder, CacheSize: "256M", StartPingers: 0, StartDiscoverers: 0, StartPollers: 1 },
    // Of PostgreSQL: the peer has the same as ours.
    AllowUnsupportedDBVersions: 1,
  };
  const configuration = join(folder, "zabbix.conf");
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(configuration, lines.join(""), { mode: 0o600 });
  const child = Bun.spawn([program, "--foreground", "--config", configuration], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const isReady = () => lastLines(settings.LogFile, 200).includes(STARTED);
  await waitUntil("Zabbix has started", () => isReady() || child.exitCode !== null);
  if (child.exitCode !== null) throw new TaskError(`Zabbix ended:\n${lastLines(settings.LogFile)}`);
  return {
    url: `tcp://127.0.0.1:${listenPort}`,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

async function fill(databaseUrl: string): Promise<void> {
  await using sql = new SQL(databaseUrl, { max: 1 });
  for (const part of ["schema", "images", "data"])
    await sql.unsafe(gunzipSync(readFileSync(join(SQL_FOLDER, `${part}.sql.gz`))).toString());
  await sql.unsafe(`
    insert into actions (actionid, name, eventsource, evaltype, status)
      values (1000, 'Add every host', ${AUTOREGISTRATION}, 0, 0);
    insert into operations (operationid, actionid, operationtype) values (1000, 1000, ${ADD_HOST});
    insert into hosts (hostid, host, name, status)
      select 100000 + n, 'known-' || n, 'known-' || n, 0 from generate_series(1, ${KNOWN_HOSTS}) as n;
    insert into interface (interfaceid, hostid, main, type)
      select 100000 + n, 100000 + n, 1, 1 from generate_series(1, ${KNOWN_HOSTS}) as n;
    insert into items (itemid, type, hostid, name, key_, delay, value_type)
      select 100000 + n, 7, 100000 + n, 'Uptime', 'system.uptime', '60s', 3
      from generate_series(1, ${KNOWN_HOSTS}) as n;`);
}

/** A check-in: the request of a known host for its active checks. */
export function zabbixCheckIn(number: number): Buffer {
  return message({ request: "active checks", host: `known-${(number % KNOWN_HOSTS) + 1}` });
}

/** An enrollment: the same request of a host that the server does not know. */
export function zabbixEnrollment(number: number): Buffer {
  return message({ request: "active checks", host: `new-${number}`, host_metadata: "Linux" });
}

/** The header of Zabbix's protocol: https://www.zabbix.com/documentation/6.0/en/manual/appendix/protocols */
function message(content: object): Buffer {
  const body = Buffer.from(JSON.stringify(content));
  const header = Buffer.alloc(13);
  header.write("ZBXD\x01", "latin1");
  header.writeBigUInt64LE(BigInt(body.length), 5);
  return Buffer.concat([header, body]);
}
