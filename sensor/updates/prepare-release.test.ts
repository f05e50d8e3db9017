// What a sensor accepts of a release, and what it says about one that it does not accept.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makePublisher } from "../../harness/publisher.ts";
import { programOf } from "../service/program-files.ts";
import { NEW, OLD, openUpdateHost, programText, type UpdateHost } from "../testing/test-updates.ts";
import { type Preparation, prepareRelease } from "./prepare-release.ts";

const DAY_MS = 86_400_000;
let host: UpdateHost;
let serial: number | undefined;
beforeEach(() => {
  host = openUpdateHost();
  serial = undefined;
});
afterEach(() => host[Symbol.asyncDispose]());

async function prepare(options: Partial<Preparation> = {}) {
  const { paths, release, target, rootKeys } = host.options();
  return await prepareRelease({
    ...{ version: NEW, paths, release, target, rootKeys, now: Date.now(), counter: 1, keySerial: undefined },
    origin: { server: host.url, ca: undefined, proxy: undefined },
    signal: new AbortController().signal,
    onVerified: ({ releaseKeys }) => {
      serial = releaseKeys.serial;
    },
    ...options,
  });
}
const refusal = async (options?: Partial<Preparation>) =>
  await prepare(options).then(
    () => "accepted",
    (error: Error) => `${error.constructor.name}: ${error.message}`,
  );
const program = () => programOf(host.paths, NEW);
const paths = () => host.requests.map(({ path }) => path.split("/").at(-1));

test("a trustworthy program is in its place afterwards, and can be executed", async () => {
  host.publish({ version: NEW, counter: 2 });
  expect((await prepare()).manifest.counter).toBe(2);
  expect(readFileSync(program(), "utf8")).toBe(programText(NEW));
  expect(statSync(program()).mode & 0o777).toBe(0o755);
  expect(existsSync(`${program()}.part`)).toBe(false);
  expect(serial).toBe(1);
  // The link of the service has not changed.
  expect(host.linkOf(host.paths.stable)).toBe(OLD);
});

test("a program that is in its place is not downloaded again, and a damaged one is", async () => {
  host.publish({ version: NEW, counter: 2 });
  await prepare();
  host.requests.length = 0;
  await prepare();
  expect(paths()).toEqual(["manifest.json"]);
  writeFileSync(program(), programText(NEW).replace("exit 0", "exit 1"));
  await prepare();
  expect(readFileSync(program(), "utf8")).toBe(programText(NEW));
});

describe("a manifest is refused", () => {
  test("with a signature of another publisher", async () => {
    host.publish({ version: NEW, counter: 2 });
    const { rootKeys } = makePublisher();
    expect(await refusal({ rootKeys })).toBe(
      `UpdateFailure: release ${NEW} cannot be trusted: none of the trusted root keys signs it`,
    );
    expect(await refusal({ rootKeys: [] })).toContain("no root key is trusted here");
  });

  test("that was changed after it was signed", async () => {
    const { release } = host.publish({ version: NEW, counter: 2 });
    release.manifest.counter = 3;
    expect(await refusal()).toContain("the signature of its manifest does not match");
    release.manifest.counter = 2;
    release.releaseKeys.keys[0]!.validUntil = new Date(Date.now() + 900 * DAY_MS).toISOString();
    expect(await refusal()).toContain("the signature of its release keys does not match");
  });

  test("of another version than the offered one", async () => {
    const { release } = host.publish({ version: NEW, counter: 2 });
    host.next.push(() => Response.json(release));
    expect(await refusal({ version: "2026.12.9" })).toBe(
      `UpdateFailure: the server sent the manifest of release ${NEW}, not of 2026.12.9`,
    );
  });

  test("that is no manifest, or a huge one", async () => {
    host.next.push(() => new Response("<html>"));
    expect(await refusal()).toContain("cannot be trusted: it is not JSON");
    host.next.push(() => new Response("x".repeat(300_000)));
    expect(await refusal()).toBe("Unreachable: the file is larger than 262144 bytes");
  });

  test("with the keys of an earlier list, once a later list was verified", async () => {
    const earlier = host.publish({ version: NEW, counter: 2 }).release;
    host.publisher.rotateReleaseKey();
    host.publish({ version: NEW, counter: 3 });
    await prepare();
    expect(serial).toBe(2);
    host.next.push(() => Response.json(earlier));
    expect(await refusal({ keySerial: serial })).toContain(
      "its serial of the release keys is 1, and 2 was accepted before",
    );
  });

  test("outside of its time, by the server's clock", async () => {
    const [createdAt, expiresAt] = [Date.now() - 10 * DAY_MS, Date.now() - DAY_MS];
    host.publish({ version: NEW, counter: 2, createdAt, expiresAt });
    expect(await refusal()).toContain("the release expired at");
    expect(await refusal({ now: createdAt - 1 })).toContain("the release is valid from");
    expect(await refusal({ now: Date.now() - 2 * DAY_MS })).toBe("accepted");
  });
});

describe("the order of releases", () => {
  test("is that of the counters", async () => {
    host.publish({ version: NEW, counter: 7 });
    expect(await refusal({ counter: 6 })).toBe("accepted");
    expect(await refusal({ counter: 7 })).toBe(
      `UpdateFailure: release ${NEW} has counter 7, and ${OLD} has 7: to go back, sign it again with a higher one`,
    );
    expect(await refusal({ counter: 8 })).toContain("its counter is 7, and 8 was accepted before");
  });

  test("is that of the versions where no update installed the running one", async () => {
    host.publish({ version: NEW, counter: 1 });
    expect(await refusal({ counter: undefined })).toBe("accepted");
    host.publish({ version: "2026.9.30", counter: 9 });
    expect(await refusal({ version: "2026.9.30", counter: undefined })).toBe(
      `UpdateFailure: release 2026.9.30 is older than ${OLD}, and the server does not have the manifest of ${OLD}`,
    );
  });

  test("lets a host go back if the earlier version was signed again after the running one", async () => {
    const earlier = { version: "2026.10.0", counter: undefined };
    // The running one may have expired.
    const [createdAt, expiresAt] = [Date.now() - 10 * DAY_MS, Date.now() - DAY_MS];
    host.publish({ version: OLD, counter: 5, createdAt, expiresAt });
    host.publish({ version: "2026.10.0", counter: 6 });
    expect(await refusal(earlier)).toBe("accepted");
    host.publish({ version: "2026.10.0", counter: 4 });
    expect(await refusal(earlier)).toContain("its counter is 4, and 5 was accepted before");
  });
});

describe("a program is refused", () => {
  test("for another target", async () => {
    host.publish({ version: NEW, counter: 2, target: "windows-x64" });
    const { target } = host.options();
    expect(await refusal()).toBe(`UpdateFailure: release ${NEW} has no program for ${target}`);
    expect(existsSync(dirname(program()))).toBe(false);
  });

  test("with another hash, and nothing of it stays", async () => {
    const served = host.publish({ version: NEW, counter: 2 });
    served.content = Buffer.from(programText(NEW).replace("exit 0", "exit 9"));
    expect(await refusal()).toMatch(
      /^UpdateFailure: the downloaded \S+ does not have the hash in the manifest$/,
    );
    expect(existsSync(program())).toBe(false);
    expect(existsSync(`${program()}.part`)).toBe(false);
  });

  test("that is larger or smaller than the manifest says", async () => {
    const served = host.publish({ version: NEW, counter: 2 });
    const { content } = served;
    served.content = Buffer.concat([content, content]);
    expect(await refusal()).toBe("Unreachable: the server sent more than the file's size");
    served.content = content.subarray(0, 20);
    expect(await refusal()).toBe("Unreachable: the download was interrupted");
  });

  test.each([
    ["exits with an error", "#!/bin/sh\necho broken >&2\nexit 3\n", "exit code 3: broken"],
    ["prints something else", "#!/bin/sh\necho hello\n", `is not attacklens-sensor ${NEW}`],
    ["is another version", programText("2026.12.9"), `is not attacklens-sensor ${NEW}`],
    ["is another program", programText(NEW, "", { program: "sh" }), `is not attacklens-sensor ${NEW}`],
    [
      "cannot write the present state",
      programText(NEW, "", { writesStateVersions: [99] }),
      "would leave state that this version cannot read",
    ],
    ["is for another CPU", `\x7fELF${"\0".repeat(100)}`, "this host cannot run the new program"],
  ])("that %s", async (_, text, message) => {
    host.publish({ version: NEW, counter: 2, text });
    expect(await refusal()).toStartWith("UpdateFailure: ");
    expect(await refusal()).toContain(message);
  });

  test("if its folder cannot be written", async () => {
    host.publish({ version: NEW, counter: 2 });
    // A file in place of the folder.
    writeFileSync(join(host.paths.versions, NEW), "");
    expect(await refusal()).not.toBe("accepted");
    expect(host.linkOf(host.paths.stable)).toBe(OLD);
  });
});

describe("an interrupted download", () => {
  const begin = (content: string) => {
    mkdirSync(dirname(program()), { recursive: true });
    writeFileSync(`${program()}.part`, content);
  };

  test("continues where it ended", async () => {
    host.publish({ version: NEW, counter: 2 });
    begin(programText(NEW).slice(0, 30));
    expect(await refusal()).toBe("accepted");
    expect(host.requests.at(-1)?.range).toBe("bytes=30-");
  });

  test("starts over if the server has another file, or ignores the range", async () => {
    host.publish({ version: NEW, counter: 2 });
    begin("#!/bin/sh\nexit 1\n");
    host.next.push(
      () => undefined,
      () => new Response(programText(NEW)),
    );
    expect(await refusal()).toBe("accepted");
    expect(readFileSync(program(), "utf8")).toBe(programText(NEW));
  });

  test("with wrong bytes is found by the hash, and starts over the next time", async () => {
    host.publish({ version: NEW, counter: 2 });
    begin("x".repeat(30));
    expect(await refusal()).toContain("does not have the hash");
    expect(await refusal()).toBe("accepted");
  });

  test("that is longer than the file starts over", async () => {
    host.publish({ version: NEW, counter: 2 });
    begin("x".repeat(9_999));
    expect(await refusal()).toBe("accepted");
  });

  test("is complete, but was not verified", async () => {
    host.publish({ version: NEW, counter: 2 });
    begin(programText(NEW));
    expect(await refusal()).toBe("accepted");
    expect(paths()).toEqual(["manifest.json"]);
  });
});

test.each([429, 500, 502, 503, 404, 403])("a reply with %d is no fault of the release", async (status) => {
  host.publish({ version: NEW, counter: 2 });
  host.next.push(() => new Response("", { status, headers: { "retry-after": "90" } }));
  expect(await refusal()).toStartWith("Unreachable: ");
});

test("a release that the server does not have yet is no fault of the release", async () => {
  expect(await refusal()).toBe("Refused: This server does not have it");
});
