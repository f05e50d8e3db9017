import { expect, test } from "bun:test";
import { readConfig } from "./config.ts";
import { shownConfig } from "./shown-config.ts";

test("the log shows the configuration without its secrets", () => {
  const config = readConfig(["--public-url", "https://lens.example", "--trusted-proxies", "10.0.0.0/8"], {
    DATABASE_URL: "postgres://ada:canary-1@db.example:5433/lens?password=canary-2&user=canary-3",
    ATTACKLENS_SECRET: "canary-4 canary-4 canary-4 canary-4 canary-4",
    ATTACKLENS_METRICS_TOKEN: "canary-5 canary-5",
    ATTACKLENS_LISTEN_URL: "postgres://ada:canary-6@db.example:5434/lens?password=canary-7",
  });
  const shown = JSON.stringify(shownConfig(config));
  expect(shown).not.toMatch(/canary|ada/);
  expect(shownConfig(config)).toMatchObject({
    database: "PostgreSQL db.example:5433/lens",
    listen: "127.0.0.1:8080",
    publicUrl: "https://lens.example",
    trustedProxies: ["10.0.0.0/8"],
    listenUrl: "PostgreSQL db.example:5434/lens",
    secret: "set",
    metricsToken: "set",
  });
  expect(shownConfig(readConfig(["--data", "/srv/lens", "--listen", "[::1]:80"], {}))).toMatchObject({
    database: "SQLite in /srv/lens",
    listen: "[::1]:80",
  });
});
