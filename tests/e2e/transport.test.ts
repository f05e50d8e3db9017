// Connections between sensors and server, with the built programs: the private CA and its rotation, the
// operator's certificates, and proxies.
import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type SecureVersion } from "node:tls";
import { getConnection } from "@attacklens/protocol/connection.ts";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { chainOf, makeCa, makeLeaf, pinOfIssued } from "../../harness/certificates.ts";
import { openConnectProxy } from "../../harness/connect-proxy.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { drawSome } from "../../harness/long-tests.ts";
import { runSensor, runServerCommand, startSensor, startServer } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { type Installation, openInstallation } from "../support/installation.ts";
import { startNginx } from "../support/nginx.ts";
import { createToken, reportOnce } from "../support/sensors.ts";
import { onSmallHost, SMALL_HOSTNAME } from "../support/small-host.ts";
import { clockOffBy } from "../support/wrong-clock.ts";

const PRIVATE = { ATTACKLENS_TLS: "private" };

/** Enrolls with the server's own address or the given one, and returns the result. */
async function enroll(
  { folder, server }: Installation,
  value: string,
  options: { url?: string; pin?: string | null; name?: string; environment?: Record<string, string> } = {},
) {
  const { url = server.sensorUrl ?? server.url, pin, name = "sensor", environment } = options;
  const stateDir = join(folder, name);
  const pinned = pin ? ["--ca-pin", pin] : [];
  const args = [
    "enroll",
    "--server",
    url,
    ...pinned,
    "--token",
    "-",
    "--state",
    stateDir,
    "--wait",
    "0",
    ...onSmallHost(folder),
  ];
  return { stateDir, ...(await runSensor(args, { stdin: value, environment })) };
}

/** Waits for a match in the file, and returns the offset after it. */
async function untilLogged(file: string, pattern: RegExp, from = 0): Promise<number> {
  return await waitUntil(`${file} has ${pattern}`, () => {
    const found = pattern.exec(readFileSync(file, "utf8").slice(from));
    return found ? from + found.index + found[0].length : undefined;
  });
}

/** The issuer of the certificate in use. */
async function shownAt(url: string, maxVersion: SecureVersion = "TLSv1.3"): Promise<string> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const options = {
    host,
    port: Number(port),
    rejectUnauthorized: false,
    minVersion: "TLSv1" as const,
    maxVersion,
  };
  return await new Promise((resolve, reject) => {
    const socket = connect(options, () => {
      const { issuer } = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(issuer.CN));
    });
    socket.once("error", reject);
  });
}

const FAMILIES = [
  ["IPv4", "127.0.0.1:0"],
  ["IPv6", "[::1]:0"],
] as const;

for (const [family, listen] of drawSome(FAMILIES))
  test(`a sensor enrolls by ${family} with the pin of the private CA that the server created at its first start`, async () => {
    await using installation = await openInstallation({ database: "sqlite", listen, environment: PRIVATE });
    const { url } = installation.server;
    expect(url).toStartWith(`https://${listen.slice(0, -1)}`);
    const ada = await installation.createSuperAdmin();
    const { value } = await createToken(ada, "Servers");
    const { caPin, certificateExpiresAt } = await ada.call(getConnection);
    const days = (Date.parse(certificateExpiresAt!) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
    const shown = await runServerCommand(["ca", "show", "--data", join(installation.folder, "server")]);
    expect(shown.stdout).toStartWith(`${caPin}  signing since `);

    await expect(shownAt(url, "TLSv1.2")).resolves.toStartWith("AttackLens private CA ");
    await expect(shownAt(url, "TLSv1.1")).rejects.toThrow();
    const unpinned = await enroll(installation, value);
    expect(unpinned.stderr).toContain(
      "its certificate is not trusted by this host; it presents AttackLens server, issued by AttackLens private CA",
    );
    expect(unpinned.code).toBe(10);
    const wrong = await enroll(installation, value, { pin: `sha256:${"0".repeat(64)}` });
    expect(wrong.stderr).toContain(
      "nothing was sent. It presents AttackLens server, issued by AttackLens private CA",
    );
    expect(wrong.code).toBe(10);
    expect((await ada.call(listEnrollmentAttempts, {})).items).toEqual([]);

    const checked = await runSensor(["check", "--server", url, "--ca-pin", caPin!, "--token", "-"], {
      stdin: value,
    });
    expect(checked.stdout).toMatch(
      /^ok {4}certificate {2}TLSv1\.3, AttackLens server, issued by AttackLens private CA /m,
    );
    expect(checked.stdout).toContain(`ok    pin          the server presents ${caPin}\n`);
    expect(checked.stdout).not.toContain("inspection");
    expect(checked.code).toBe(0);
    const { stateDir, code, stderr } = await enroll(installation, value, { pin: caPin });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect((await reportOnce(stateDir)).code).toBe(0);
    const address = family === "IPv6" ? "::1" : "127.0.0.1";
    expect((await ada.call(listSensors, {})).items).toMatchObject([{ status: "online", address }]);
  });

test("sensors have a separate port, which serves no users, and the users' port serves no sensors", async () => {
  await using installation = await openInstallation({
    database: "sqlite",
    environment: { ...PRIVATE, ATTACKLENS_SENSOR_LISTEN: "127.0.0.1:0" },
  });
  const { url, sensorUrl } = installation.server;
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  const { caPin } = await ada.call(getConnection);
  const tls = { rejectUnauthorized: false };
  const status = async (address: string, init = {}) => (await fetch(address, { tls, ...init })).status;
  expect(await status(`${sensorUrl}/`)).toBe(404);
  expect(await status(`${sensorUrl}/api/v1/setup`)).toBe(404);
  expect(await status(`${sensorUrl}/healthz`)).toBe(200);
  expect(await status(`${sensorUrl}/readyz`)).toBe(200);
  expect(await status(`${url}/sensor/v1/check-in`, { method: "POST", body: "{}" })).toBe(404);
  expect((await enroll(installation, value, { url, pin: caPin })).code).not.toBe(0);
  const { stateDir, code } = await enroll(installation, value, { pin: caPin, name: "right" });
  expect(code).toBe(0);
  expect((await reportOnce(stateDir)).code).toBe(0);
});

test("a running sensor follows the CA's rotation automatically; one that was off reports why it cannot connect", async () => {
  await using installation = await openInstallation({
    database: "postgres",
    checkInIntervalSeconds: 1,
    environment: PRIVATE,
  });
  const { folder, server, databaseUrl } = installation;
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  const { caPin: before } = await ada.call(getConnection);
  const { stateDir } = await enroll(installation, value, { pin: before });
  const asleep = join(folder, "asleep");
  cpSync(stateDir, asleep, { recursive: true });
  const logFile = join(folder, "sensor.log");
  await using _sensor = startSensor({ stateDir, logFile, args: onSmallHost(folder) });
  let read = await untilLogged(logFile, /checked in/);

  const ca = async (verb: string) => {
    const args = ["ca", verb, "--data", join(folder, "server")];
    const { code, stdout, stderr } = await runServerCommand(args, {
      environment: { DATABASE_URL: databaseUrl! },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // Without a signal, the server checks the CA only once a minute.
    process.kill(server.pid, "SIGHUP");
    return stdout;
  };
  const rotated = await ca("rotate");
  const after = rotated.slice(0, before!.length);
  expect(after).not.toBe(before!);
  expect(rotated.split("\n")[1]).toStartWith(`${before}  trusted until `);
  read = await untilLogged(logFile, new RegExp(`now trusts ${after}, ${before}\n`), read);
  expect((await ada.call(getConnection)).caPin).toBe(after);
  // During the overlap, the old pin is valid too.
  for (const [name, pin] of Object.entries({ old: before, new: after }))
    expect((await enroll(installation, value, { pin, name })).code).toBe(0);

  expect((await ca("retire")).trim().split("\n")).toHaveLength(1);
  read = await untilLogged(logFile, new RegExp(`now trusts ${after}\n`), read);
  expect((await runSensor(["status", "--state", stateDir])).code).toBe(0);
  const refused = await reportOnce(asleep);
  expect(refused.stderr).toContain(
    "its certificate is not trusted by this host; it presents AttackLens server, issued by AttackLens private CA ",
  );
  expect(refused.code).toBe(10);
  expect((await enroll(installation, value, { pin: before, name: "late" })).code).toBe(10);
  // The operator enters the current pin. The sensor keeps its identity, and no token is used.
  const again = ["enroll", "--server", installation.server.url, "--state", asleep, "--token", "-"];
  expect((await runSensor([...again, "--ca-pin", before!, "--wait", "0"], { stdin: value })).code).toBe(10);
  expect((await reportOnce(asleep)).code).toBe(10);
  const pinned = await runSensor([...again, "--ca-pin", after], { stdin: value });
  expect(pinned.stdout).toContain("the token was not used\nsaved the connection settings of this command");
  expect((await reportOnce(asleep)).stderr).not.toContain("certificate");
});

test("reloads the operator's certificate at SIGHUP; with an invalid one, keeps the previous certificate", async () => {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-certificates-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const [first, second] = [await makeCa("First CA"), await makeCa("Second CA")];
  const write = (files: { cert: string; key: string }) => {
    writeFileSync(cert, files.cert);
    writeFileSync(key, files.key);
  };
  write(chainOf(await makeLeaf(first), first));
  const roots = join(folder, "roots.pem");
  writeFileSync(roots, first.certificate + second.certificate);
  const environment = { SSL_CERT_FILE: roots };
  await using installation = await openInstallation({
    database: "sqlite",
    environment: { ATTACKLENS_TLS_CERT: cert, ATTACKLENS_TLS_KEY: key },
  });
  const { server } = installation;
  const serverLog = join(installation.folder, "server.log");
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  expect((await ada.call(getConnection)).caPin).toBeNull();
  // No pin: the host's trust store includes the issuer.
  expect((await enroll(installation, value, { environment: {} })).code).toBe(10);
  const { stateDir, code } = await enroll(installation, value, { environment });
  expect(code).toBe(0);
  expect(await shownAt(server.url)).toBe("First CA");

  write(chainOf(await makeLeaf(second), second));
  process.kill(server.pid, "SIGHUP");
  let read = await untilLogged(serverLog, /certificate read again/);
  await waitUntil(
    "new connections use the second certificate",
    async () => (await shownAt(server.url)) === "Second CA",
  );
  expect((await reportOnce(stateDir, environment)).code).toBe(0);

  write({ cert: "-----BEGIN CERTIFICATE-----\n", key: "no key" });
  process.kill(server.pid, "SIGHUP");
  read = await untilLogged(serverLog, /the certificate was not changed/, read);
  write({ ...chainOf(await makeLeaf(first), first), key: (await makeLeaf(first)).privateKey });
  process.kill(server.pid, "SIGHUP");
  await untilLogged(serverLog, /is not the private key of/, read);
  expect(await shownAt(server.url)).toBe("Second CA");
  expect((await reportOnce(stateDir, environment)).code).toBe(0);
});

test("another server on the same port receives nothing from a pinned sensor, which reconnects to its own", async () => {
  const port = await findFreePort();
  const listen = `127.0.0.1:${port}`;
  await using installation = await openInstallation({ database: "sqlite", listen, environment: PRIVATE });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  const { caPin } = await ada.call(getConnection);
  const { stateDir } = await enroll(installation, value, { pin: caPin });
  await installation.server.stop();

  const rogueRoot = await makeCa("AttackLens private CA 00000000");
  const heard: string[] = [];
  const rogue = Bun.serve({
    ...{ hostname: "127.0.0.1", port, tls: chainOf(await makeLeaf(rogueRoot), rogueRoot) },
    fetch(request) {
      heard.push(request.url);
      return Response.json({});
    },
  });
  const refused = await reportOnce(stateDir);
  expect(refused.stderr).toContain(
    "it presents a server of the tests, issued by AttackLens private CA 00000000, key sha256:",
  );
  expect(refused.code).toBe(10);
  const newcomer = await enroll(installation, value, { pin: caPin, name: "newcomer" });
  expect(newcomer.stderr).toContain(`it presents no root with the pin ${caPin}; nothing was sent`);
  expect(newcomer.code).toBe(10);
  expect(heard).toEqual([]);
  await rogue.stop(true);

  await using _again = await startServer({
    ...{ dataDir: join(installation.folder, "server"), logFile: join(installation.folder, "server.log") },
    ...{ listen, environment: PRIVATE },
  });
  expect((await reportOnce(stateDir)).code).toBe(0);
});

test("behind nginx that terminates TLS, the server sees each sensor's address and ignores forged headers", async () => {
  const port = await findFreePort();
  const publicUrl = `https://127.0.0.1:${port}`;
  await using stack = new AsyncDisposableStack();
  // nginx connects from its own address, the only one whose forwarded headers the server trusts.
  const installation = stack.use(
    await openInstallation({
      database: "sqlite",
      publicUrl,
      environment: { ATTACKLENS_TRUSTED_PROXIES: "127.0.0.3/32" },
    }),
  );
  const root = await makeCa("Company CA");
  const leaf = await makeLeaf(root);
  const folder = join(installation.folder, "nginx");
  const upstream = installation.server.url;
  const tls = chainOf(leaf, root);
  stack.use(await startNginx({ folder, port, tls, upstream, from: "127.0.0.3" }));
  const roots = join(folder, "roots.pem");
  writeFileSync(roots, root.certificate);
  const environment = { SSL_CERT_FILE: roots };

  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  expect(await ada.call(getConnection)).toMatchObject({ sensorUrl: publicUrl, caPin: null });
  const { stateDir, code, stderr } = await enroll(installation, value, { url: publicUrl, environment });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect((await reportOnce(stateDir, environment)).code).toBe(0);
  expect((await ada.call(listSensors, {})).items).toMatchObject([
    { hostname: SMALL_HOSTNAME, address: "127.0.0.1" },
  ]);

  const seenAs = async (base: string, headers: Record<string, string> = {}) => {
    const reply = await fetch(`${base}/sensor/v1/check`, {
      method: "POST",
      headers: { authorization: `Bearer ${value}`, "content-type": "application/json", ...headers },
      body: JSON.stringify({ hostname: "spoof" }),
      tls: { ca: root.certificate },
    });
    return ((await reply.json()) as { address: string }).address;
  };
  for (const spoofed of ["10.9.9.9", "127.0.0.3", "10.9.9.9, 127.0.0.3", "nonsense"])
    expect(await seenAs(publicUrl, { "x-forwarded-for": spoofed })).toBe("127.0.0.1");
  // The server ignores the headers of clients that bypass nginx.
  expect(await seenAs(upstream, { "x-forwarded-for": "10.9.9.9" })).toBe("127.0.0.1");

  // nginx terminates TLS, so the server reports no certificate, and check has nothing to compare.
  const checked = await runSensor(["check", "--server", publicUrl, "--token", "-"], {
    stdin: value,
    environment,
  });
  expect(checked.code).toBe(0);
  expect(checked.stdout).not.toContain("inspection");
});

test("a pin rejects an nginx that inspects TLS; on a host that trusts it, check names its issuer", async () => {
  await using installation = await openInstallation({ database: "sqlite", environment: PRIVATE });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  const { caPin } = await ada.call(getConnection);
  const root = await makeCa("Inspector 3000");
  const leaf = await makeLeaf(root);
  const folder = join(installation.folder, "nginx");
  const port = await findFreePort();
  await using nginx = await startNginx({
    ...{ folder, port, tls: chainOf(leaf, root), upstream: installation.server.url },
  });
  const roots = join(folder, "roots.pem");
  writeFileSync(roots, root.certificate);
  const environment = { SSL_CERT_FILE: roots };

  const pinned = await enroll(installation, value, { url: nginx.url, pin: caPin, environment });
  expect(pinned.stderr).toContain(
    `nothing was sent. It presents a server of the tests, issued by Inspector 3000, key ${pinOfIssued(leaf)}`,
  );
  expect(pinned.stderr).toContain("hint: a proxy that inspects TLS (issuer: Inspector 3000)");
  expect(pinned.code).toBe(10);
  const unknown = await enroll(installation, value, { url: nginx.url });
  expect(unknown.stderr).toContain(
    "its certificate is not trusted by this host; it presents a server of the tests, issued by Inspector 3000",
  );
  expect(unknown.code).toBe(10);
  expect((await ada.call(listEnrollmentAttempts, {})).items).toEqual([]);

  const checked = await runSensor(["check", "--server", nginx.url, "--token", "-"], {
    stdin: value,
    environment,
  });
  expect(checked.stdout).toContain(
    "note  inspection   this host sees a certificate other than the server's: a proxy that inspects TLS or a load balancer presents it (issuer: Inspector 3000)\n",
  );
  expect(checked.code).toBe(0);
  const trusting = await enroll(installation, value, { url: nginx.url, environment });
  expect(trusting.code).toBe(0);
  expect(trusting.stderr).toContain("a proxy that inspects TLS or a load balancer presents it");
  expect(trusting.stderr).toContain("issuer: Inspector 3000");
  expect((await reportOnce(trusting.stateDir, environment)).code).toBe(0);
});

test.skipIf(process.platform !== "linux")(
  "a host whose clock is two days off enrolls, reports with the server's time, and shows the difference",
  async () => {
    await using installation = await openInstallation({ database: "sqlite", environment: PRIVATE });
    const { url } = installation.server;
    const ada = await installation.createSuperAdmin();
    const { value } = await createToken(ada, "Servers");
    const { caPin: pin } = await ada.call(getConnection);
    const clocks = drawSome([
      [-2, "behind"],
      [2, "ahead of"],
    ] as const);
    for (const [days, direction] of clocks) {
      const environment = await clockOffBy(days);
      const checked = await runSensor(["check", "--server", url, "--ca-pin", pin!, "--token", "-"], {
        stdin: value,
        environment,
      });
      expect(checked.stdout).toMatch(
        new RegExp(
          `^note {2}clock {8}17[23]\\d{3} s ${direction} the server's: the sensor corrects for it$`,
          "m",
        ),
      );
      expect(checked.code).toBe(0);
      const name = `host${days}`;
      const { stateDir, code, stderr } = await enroll(installation, value, { pin, name, environment });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect((await reportOnce(stateDir, environment)).code).toBe(0);
      const { stdout } = await runSensor(["status", "--state", stateDir], { environment });
      expect(stdout).toMatch(
        new RegExp(`^Clock +17[23]\\d{3} s ${direction} the server's clock, corrected automatically$`, "m"),
      );
    }
    expect((await ada.call(listSensors, {})).items).toMatchObject(
      Array(clocks.length).fill({ status: "online" }),
    );

    // For a clock two days behind, a certificate that is one day old is not valid yet. The message names the
    // clock.
    const root = await makeCa("Company CA");
    const folder = join(installation.folder, "nginx");
    await using nginx = await startNginx({
      ...{ folder, port: await findFreePort(), tls: chainOf(await makeLeaf(root), root), upstream: url },
    });
    const roots = join(folder, "roots.pem");
    writeFileSync(roots, root.certificate);
    const environment = { ...(await clockOffBy(-2)), SSL_CERT_FILE: roots };
    const early = await enroll(installation, value, { url: nginx.url, name: "early", environment });
    expect(early.stderr).toContain("its certificate is not valid yet, according to this host's clock (");
    expect(early.stderr).toContain("hint: correct this host's clock");
    expect(early.code).toBe(11);
  },
);

test("a sensor enrolls and reports through a proxy with credentials, which stay secret", async () => {
  await using installation = await openInstallation({
    database: "sqlite",
    environment: { ...PRIVATE, ATTACKLENS_TLS_NAMES: "attacklens.test" },
  });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Servers");
  const { caPin } = await ada.call(getConnection);
  const password = "tractor:violet@42";
  await using proxy = await openConnectProxy({ credentials: { user: "ann", password } });
  const { port } = new URL(installation.server.url);
  const url = `https://attacklens.test:${port}`;
  const full = proxy.url.replace("://", `://ann:${encodeURIComponent(password)}@`);

  const refused = await enroll(installation, value, {
    url,
    pin: caPin,
    environment: { HTTPS_PROXY: proxy.url },
  });
  expect(refused.stderr).toContain(`through ${proxy.url}: the proxy rejected the credentials`);
  expect(refused.code).toBe(4);
  const environment = { HTTPS_PROXY: full };
  const { stateDir, code, stderr } = await enroll(installation, value, { url, pin: caPin, environment });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const reported = await reportOnce(stateDir, environment);
  expect(reported.code).toBe(0);
  expect(new Set(proxy.tunnels)).toEqual(new Set([`attacklens.test:${port}`]));
  const seen =
    stderr + reported.stdout + reported.stderr + readFileSync(join(stateDir, "status.json"), "utf8");
  for (const secret of [password, encodeURIComponent(password)]) expect(seen).not.toContain(secret);
});
