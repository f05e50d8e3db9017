// The configuration as the log shows it at the start: every setting, and no secret.
import type { Config } from "./config.ts";

export function shownConfig(config: Config): Record<string, unknown> {
  const { secret, metricsToken, databaseUrl, listenUrl, dataDir, listen, sensorListen, ...open } = config;
  return {
    database: databaseUrl === undefined ? `SQLite in ${dataDir}` : shownDatabase(databaseUrl),
    listenUrl: listenUrl && shownDatabase(listenUrl),
    secret: secret === undefined ? "from the data folder" : "set",
    metricsToken: metricsToken === undefined ? "not set: /metrics is closed" : "set",
    listen: shownAddress(listen),
    sensorListen: sensorListen && shownAddress(sensorListen),
    ...open,
  };
}

/** Without user, password, and query, which may hold them too. */
function shownDatabase(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return "PostgreSQL";
  const { host, pathname } = new URL(databaseUrl);
  return `PostgreSQL ${host}${pathname}`;
}

function shownAddress({ hostname, port }: Config["listen"]): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
