// A site that follows the deploy guides: a server with a private CA, which offers a signed release of the
// built programs, and a token. The guides are made for its address and pin.
import { createHash } from "node:crypto";
import { constants, copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { DeployFacts } from "@attacklens/protocol/deploy-guides/guide.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runServerCommand } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openInstallation, type User } from "./installation.ts";
import { compileRelease, makeDeb, makeRpm } from "./packages.ts";
import { createToken } from "./sensors.ts";

export interface GuideSite extends AsyncDisposable {
  facts: DeployFacts;
  ada: User;
  token: { id: string; value: string };
  /** A folder for the files of a test. */
  folder: string;
  /** The address that the guides have. */
  url: string;
  /** Resolves when the server has as many sensors online that have checked in since then. */
  waitForOnline(count: number, sinceMs?: number): Promise<void>;
}

const PROGRAM = `attacklens-sensor-linux-${process.arch}`;

/** `packages`: the formats that the release contains beside the program. */
export async function openGuideSite({ packages = [] as ("deb" | "rpm")[] } = {}): Promise<GuideSite> {
  await using opening = new AsyncDisposableStack();
  const installation = opening.use(
    await openInstallation({
      database: "sqlite",
      checkInIntervalSeconds: 5,
      environment: { ATTACKLENS_TLS: "private" },
    }),
  );
  const { folder, server } = installation;
  await offerRelease(folder, packages);
  const ada = await installation.createSuperAdmin();
  const get = async (path: string) =>
    await (await fetch(server.url + path, { tls: { rejectUnauthorized: false } })).text();
  const [script, pem] = [await get("/install.sh"), await get("/download/ca.pem")];
  const opened = opening.move();
  return {
    facts: {
      server: server.url,
      caPin: /server_pins='(sha256:[0-9a-f]{64})'/.exec(script)![1]!,
      caSha256: createHash("sha256").update(pem).digest("hex"),
      version: RELEASE,
    },
    ada,
    token: await createToken(ada, "Guides"),
    folder,
    url: server.url,
    async waitForOnline(count, sinceMs = 0) {
      await waitUntil(`${count} sensors are online`, async () => {
        const { items } = await ada.call(listSensors, {});
        const online = items.filter(
          ({ status, lastSeenAt }) => status === "online" && Date.parse(lastSeenAt ?? "") >= sinceMs,
        );
        return online.length === count;
      });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/**
 * Signs a release of the built programs, as its publisher does, and adds it, as the server's operator does.
 */
async function offerRelease(folder: string, packages: ("deb" | "rpm")[]): Promise<void> {
  const at = (name: string) => join(folder, name);
  const releases = async (...args: string[]) => {
    const { code, stdout, stderr } = await runServerCommand(["releases", ...args]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  mkdirSync(at("release"));
  copyFileSync(programPath(SENSOR), join(at("release"), PROGRAM), constants.COPYFILE_FICLONE);
  if (packages.length > 0) {
    const source = await compileRelease(SENSOR, RELEASE, folder);
    for (const format of packages) {
      const { path } = await (format === "deb" ? makeDeb : makeRpm)(source, folder);
      renameSync(path, join(at("release"), basename(path)));
    }
  }
  const [root, key] = [await releases("new-key", at("root.pem")), await releases("new-key", at("key.pem"))];
  await releases("sign-keys", "--root", at("root.pem"), "--serial", "1", "--out", at("keys.json"), key);
  await releases("sign", "--key", at("key.pem"), "--keys", at("keys.json"), "--counter", "1", at("release"));
  writeFileSync(at("roots.json"), JSON.stringify({ rootKeys: [root] }));
  await releases("trust", "--data", at("server"), at("roots.json"));
  await releases("add", "--data", at("server"), at("release"));
}
