import { expect, test } from "bun:test";
import { ConfigError, readConfig } from "./config.ts";

const publicUrl = (url: string) => readConfig(["--public-url", url], {}).publicUrl;

test("a public URL is normalized to its origin", () => {
  expect(publicUrl("https://lens.example")).toBe("https://lens.example");
  expect(publicUrl("https://Lens.Example:443/")).toBe("https://lens.example");
  expect(publicUrl("http://[::1]:8080/")).toBe("http://[::1]:8080");
});

test("a public URL with a path, a query, or a password is rejected, and the message shows the origin", () => {
  for (const url of ["/lens", "/lens/", "/?a=1", "/#a", "//"]) {
    expect(() => publicUrl(`https://lens.example${url}`)).toThrow(
      new ConfigError(
        "--public-url or ATTACKLENS_PUBLIC_URL: must be only scheme, host and port, e.g. https://lens.example",
      ),
    );
  }
  expect(() => publicUrl("https://ada:secret@lens.example")).toThrow(ConfigError);
  expect(() => publicUrl("lens.example")).toThrow(ConfigError);
});

test("trusted proxies are networks, and there are none by default", () => {
  const proxies = (text: string) => readConfig(["--trusted-proxies", text], {}).trustedProxies;
  expect(readConfig([], {}).trustedProxies).toEqual([]);
  expect(proxies("10.1.2.3/8, ::1")).toEqual(["10.0.0.0/8", "::1/128"]);
  expect(() => proxies("10.0.0.0/8,any")).toThrow("--trusted-proxies or ATTACKLENS_TRUSTED_PROXIES");
});

test("several processes need PostgreSQL", () => {
  const DATABASE_URL = "postgres://lens:secret@db.example:5432/lens";
  expect(readConfig([], {}).processes).toBe(1);
  expect(() => readConfig(["--processes", "2"], {})).toThrow(
    /--processes: .*PostgreSQL[\s\S]*hint: set DATABASE_URL/,
  );
  expect(() => readConfig(["--processes", "0"], { DATABASE_URL })).toThrow("ATTACKLENS_PROCESSES");
  if (process.platform === "linux")
    expect(readConfig(["--processes", "2"], { DATABASE_URL }).processes).toBe(2);
});

test("the size of the pool is a variable, or a parameter of DATABASE_URL that PostgreSQL does not receive", () => {
  const read = (url: string, pool?: string) =>
    readConfig([], { DATABASE_URL: url, ...(pool ? { ATTACKLENS_DATABASE_POOL: pool } : {}) });
  const url = "postgres://lens:secret@db.example:5432/lens?sslmode=verify-full";
  expect(read(url)).toMatchObject({ databaseUrl: url });
  expect(read(url).databasePool).toBeUndefined();
  expect(read(`${url}&pool=4`)).toMatchObject({ databaseUrl: url, databasePool: 4 });
  expect(read(`${url}&pool=4`, "7").databasePool).toBe(7);
  for (const pool of ["0", "-1", "many", "1.5"]) {
    expect(() => read(`${url}&pool=${pool}`)).toThrow("ATTACKLENS_DATABASE_POOL, or pool in DATABASE_URL");
  }
});

test("every TLS mode that requests a certificate becomes verify-full, so the library prints no warning", () => {
  const url = (mode: string) => `postgres://lens@db.example/lens?sslmode=${mode}`;
  for (const mode of ["prefer", "require", "verify-ca", "verify-full"]) {
    const read = readConfig([], { DATABASE_URL: url(mode), ATTACKLENS_LISTEN_URL: url(mode) });
    expect(read).toMatchObject({ databaseUrl: url("verify-full"), listenUrl: url("verify-full") });
  }
  for (const mode of ["disable", "no-verify", "require&uselibpqcompat=true"])
    expect(readConfig([], { DATABASE_URL: url(mode) }).databaseUrl).toBe(url(mode));
});

test("the port for sensors must differ from the port for users", () => {
  const both = (address: string) => readConfig(["--listen", address, "--sensor-listen", address], {});
  expect(() => both("127.0.0.1:8443")).toThrow("--sensor-listen and --listen: give each a different port");
  expect(both("127.0.0.1:0").sensorListen?.port).toBe(0);
});
