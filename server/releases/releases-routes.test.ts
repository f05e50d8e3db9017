// What strangers get of releases: whole files and parts of them, nothing that is not in a manifest, and a
// sentence where there is nothing.
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeAuthority, pinOf } from "../certificates/x509.ts";
import { readConfig } from "../config.ts";
import { startServer } from "../server.ts";
import { openTestReleases, SENSOR_FILE } from "../testing/test-release.ts";
import { openWorld } from "../testing/test-world.ts";
import { removeRelease } from "./manage-releases.ts";

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
const detailOf = async (reply: Response) => ((await reply.json()) as { detail: string }).detail;
const CONTENT = "0123456789";

async function openOffer(files: Record<string, string> = { [SENSOR_FILE]: CONTENT }) {
  const releases = openTestReleases();
  const published = await releases.offer({ files });
  const world = await openWorld("sqlite", { dataDir: releases.dataDir });
  return {
    ...{ releases, published, world },
    get: (path: string, headers: Record<string, string> = {}) => world.fetch(path, { headers }),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      releases[Symbol.dispose]();
    },
  };
}

test("without a release, every address says so", async () => {
  await using world = await openWorld("sqlite");
  for (const path of [
    "install.sh",
    "install.ps1",
    "download/manifest.json",
    "download/any",
    "download/2026.11.0/any",
    "download/2026.11.0/manifest.json",
  ]) {
    const reply = await world.fetch(`/${path}`);
    expect(reply.status).toBe(404);
    expect(await detailOf(reply)).toStartWith("This server has no release yet.");
  }
  expect(await detailOf(await world.fetch("/download/ca.pem"))).toStartWith("This server has no private CA");
});

test("a release is offered as soon as it is added, and no more when it is removed", async () => {
  using releases = openTestReleases();
  await using world = await openWorld("sqlite", { dataDir: releases.dataDir });
  const status = async (path: string) => (await world.fetch(path)).status;
  expect(await status("/download/manifest.json")).toBe(404);
  const { release } = await releases.offer();
  expect(await (await world.fetch("/download/manifest.json")).json()).toEqual(release as never);
  await releases.offer({ version: "2026.11.1", counter: 2, files: { [SENSOR_FILE]: "new" } });
  expect(await (await world.fetch(`/download/${SENSOR_FILE}`)).text()).toBe("new");
  // A download that began with the older release can be resumed.
  expect(await (await world.fetch(`/download/2026.11.0/${SENSOR_FILE}`)).text()).toBe("a program\n");
  // A sensor verifies the release that it is offered, which is not always the newest.
  const manifest = await world.fetch("/download/2026.11.0/manifest.json");
  expect([manifest.headers.get("content-type"), await manifest.json()]).toEqual([
    "application/json",
    release as never,
  ]);
  await removeRelease(releases.dataDir, "2026.11.0");
  expect((await world.fetch("/download/2026.11.0/manifest.json")).status).toBe(404);
  const gone = await world.fetch(`/download/2026.11.0/${SENSOR_FILE}`);
  expect(await detailOf(gone)).toBe("This server does not have release 2026.11.0. It has 2026.11.1");
});

describe("a file", () => {
  test("has its hash as ETag, its size, and a type by its format", async () => {
    await using offer = await openOffer({ [SENSOR_FILE]: CONTENT, "attacklens-sensor_1_amd64.deb": "deb" });
    const reply = await offer.get(`/download/${SENSOR_FILE}`);
    expect(await reply.text()).toBe(CONTENT);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      etag: `"${sha256(CONTENT)}"`,
      "accept-ranges": "bytes",
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${SENSOR_FILE}"`,
      "cache-control": "public, no-cache",
    });
    const deb = await offer.get("/download/attacklens-sensor_1_amd64.deb");
    expect(deb.headers.get("content-type")).toBe("application/vnd.debian.binary-package");
    const head = await offer.world.fetch(`/download/${SENSOR_FILE}`, { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("content-length")]).toEqual([200, "", "10"]);
  });

  test("is sent in part", async () => {
    await using offer = await openOffer();
    for (const [range, status, text, contentRange] of [
      ["bytes=2-4", 206, "234", "bytes 2-4/10"],
      ["bytes=7-", 206, "789", "bytes 7-9/10"],
      ["bytes=-2", 206, "89", "bytes 8-9/10"],
      ["bytes=0-1,4-5", 200, CONTENT, null],
      ["lines=1-2", 200, CONTENT, null],
    ] as const) {
      const reply = await offer.get(`/download/${SENSOR_FILE}`, { range });
      const seen = [reply.status, await reply.text(), reply.headers.get("content-range")];
      expect(seen).toEqual([status, text, contentRange]);
    }
  });

  test("refuses a range that it does not have, and says its size", async () => {
    await using offer = await openOffer();
    const reply = await offer.get(`/download/${SENSOR_FILE}`, { range: "bytes=10-" });
    expect([reply.status, reply.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  test("is sent in part only if it is still the same, and not at all if it is known", async () => {
    await using offer = await openOffer();
    const ask = async (headers: Record<string, string>) => {
      const reply = await offer.get(`/download/${SENSOR_FILE}`, headers);
      return [reply.status, await reply.text()];
    };
    const etag = `"${sha256(CONTENT)}"`;
    expect(await ask({ range: "bytes=8-", "if-range": etag })).toEqual([206, "89"]);
    expect(await ask({ range: "bytes=8-", "if-range": `"${sha256("other")}"` })).toEqual([200, CONTENT]);
    expect(await ask({ "if-none-match": etag })).toEqual([304, ""]);
    expect(await ask({ "if-none-match": '"other"' })).toEqual([200, CONTENT]);
  });

  test("that was not added, or is not in the release, is named in the refusal", async () => {
    await using offer = await openOffer();
    rmSync(join(offer.releases.dataDir, "releases/1", SENSOR_FILE));
    // The folder has changed without our command.
    writeFileSync(join(offer.releases.dataDir, "releases/touched"), "");
    expect(await detailOf(await offer.get(`/download/${SENSOR_FILE}`))).toStartWith(
      `This server does not have ${SENSOR_FILE} of release 2026.11.0`,
    );
    expect(await detailOf(await offer.get("/download/other"))).toBe("Release 2026.11.0 has no file other");
  });

  test("is never found by another path", async () => {
    await using offer = await openOffer();
    writeFileSync(join(offer.releases.dataDir, "attacklens.db"), "secret");
    for (const path of [
      "/download/..%2f..%2fattacklens.db",
      "/download/%2e%2e%2faccepted.json",
      "/download/..%5caccepted.json",
      "/download/accepted.json",
      "/download/trusted-keys.json",
      "/download/1/accepted.json",
      "/download/2026.11.0/..%2faccepted.json",
      "/download/2026.11.0%2f..%2f..%2fattacklens.db",
      `/download/${SENSOR_FILE}%00`,
      `/download/${SENSOR_FILE}/`,
      `/download//${SENSOR_FILE}`,
      `/download/${"x".repeat(5_000)}`,
      "/download/",
      "/download",
      "/download/%",
      "/download/%ff%fe",
    ])
      expect([path, (await offer.get(path)).status]).toEqual([path, 404]);
  });
});

test("other methods are refused", async () => {
  await using offer = await openOffer();
  for (const method of ["POST", "PUT", "DELETE"])
    expect((await offer.world.fetch(`/download/${SENSOR_FILE}`, { method })).status).toBe(405);
});

test("the roots of the private CA are the files that their hashes name", async () => {
  const [older, newer] = [
    (await makeAuthority(Date.now())).certificate,
    (await makeAuthority(Date.now())).certificate,
  ];
  const roots = { pin: pinOf(newer), certificates: [newer, older] };
  await using world = await openWorld("sqlite", { roots });
  const get = async (query: string) => {
    const reply = await world.fetch(`/download/ca.pem${query}`);
    return reply.status === 200 ? await reply.text() : reply.status;
  };
  const pem = String(await get(""));
  expect(pinOf(pem)).toBe(roots.pin);
  expect(await get(`?sha256=${sha256(pem)}`)).toBe(pem);
  // An older command works until the older root retires.
  const olderFile = `${older.trim()}\n`;
  expect(await get(`?sha256=${sha256(olderFile)}`)).toBe(olderFile);
  expect(await get(`?sha256=${sha256("other")}`)).toBe(404);
  const cookie = await world.signedIn("viewer");
  const connection = await (await world.fetch("/api/v1/connection", { headers: { cookie } })).json();
  expect(connection).toMatchObject({ caSha256: sha256(pem), caPin: roots.pin });
});

test("the console learns which programs of the sensor this server has", async () => {
  const files = {
    [SENSOR_FILE]: CONTENT,
    "attacklens-linux-x64": "a server",
    "attacklens-sensor_1_amd64.deb": "d",
  };
  await using offer = await openOffer(files);
  const cookie = await offer.world.signedIn("viewer");
  const connection = async () =>
    (await (await offer.get("/api/v1/connection", { cookie })).json()) as { release: unknown };
  expect((await connection()).release).toEqual({
    version: "2026.11.0",
    files: [
      { name: SENSOR_FILE, target: "linux-x64", format: "program" },
      { name: "attacklens-sensor_1_amd64.deb", target: "linux-x64", format: "deb" },
    ],
  });
  await removeRelease(offer.releases.dataDir, "2026.11.0");
  expect((await connection()).release).toBeNull();
});

test("a release that is no longer trusted, or is damaged, is not offered", async () => {
  await using offer = await openOffer();
  const manifest = join(offer.releases.dataDir, "releases/1/manifest.json");
  const status = async (text: string) => {
    rmSync(manifest);
    writeFileSync(manifest, text);
    writeFileSync(join(offer.releases.dataDir, `releases/${Bun.randomUUIDv7()}`), "");
    return (await offer.get("/download/manifest.json")).status;
  };
  const { release } = offer.published;
  expect(await status(JSON.stringify(release))).toBe(200);
  const forged = { ...release, manifest: { ...release.manifest, version: "2026.11.9" } };
  expect(await status(JSON.stringify(forged))).toBe(404);
  expect(await status("{")).toBe(404);
  expect(await status(JSON.stringify(release))).toBe(200);
});

test("both ports offer releases where sensors have a separate one", async () => {
  using releases = openTestReleases();
  await releases.offer();
  const listen = ["--listen", "127.0.0.1:0", "--sensor-listen", "127.0.0.1:0"];
  const config = readConfig(["--data", releases.dataDir, ...listen], { ATTACKLENS_LOG_LEVEL: "error" });
  await using server = await startServer(config, []);
  for (const url of [server.url, server.sensorUrl]) {
    for (const path of ["/install.sh", "/install.ps1", "/download/manifest.json", `/download/${SENSOR_FILE}`])
      expect((await fetch(url + path, { proxy: false as never })).status).toBe(200);
  }
  expect((await fetch(`${server.sensorUrl}/api/v1/setup`, { proxy: false as never })).status).toBe(404);
});
