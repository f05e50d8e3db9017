// Formats the configuration for the log: every setting, and no secret.
import type { Config } from "./config.ts";
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName } from "./settings.ts";

export function shownConfig(config: Config): Record<string, unknown> {
  const { databaseUrl, dataDir, ...shown } = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, shownValue(name, config)]),
  );
  return { database: databaseUrl ?? `SQLite in ${String(dataDir)}`, ...shown };
}

function shownValue(name: SettingName, config: Config): unknown {
  const setting: Setting = SETTINGS[name];
  const value = config[name];
  switch (setting.shown) {
    case "secret":
      return value === undefined ? `not set: ${setting.absent}` : "set";
    case "database":
      return typeof value === "string" ? shownDatabase(value) : undefined;
    case "address":
      return value && shownAddress(value as Config["listen"]);
    case undefined:
      return value;
  }
}

/** Omits the user, the password, and the query, which can contain both. */
function shownDatabase(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return "PostgreSQL";
  const { host, pathname } = new URL(databaseUrl);
  return `PostgreSQL ${host}${pathname}`;
}

function shownAddress({ hostname, port }: Config["listen"]): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
