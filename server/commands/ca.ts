// attacklens ca: manages the private CA, on the server host. Servers without a public certificate use it.

import { parseArgs } from "node:util";
import { countOf } from "@attacklens/protocol/count-of.ts";
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { describeAuthorities, retireAuthorities, rotateAuthority } from "../certificates/certificates.ts";
import { ConfigError, readConfig } from "../config.ts";
import { DatabaseError } from "../db/explain.ts";
import { openExistingDatabase } from "../db/open.ts";
import { readSessionSecret } from "../session-secret.ts";

export const CA_USAGE = `Usage:
  attacklens ca show [--data DIR]
  attacklens ca rotate [--data DIR] [--overlap DAYS]
  attacklens ca retire [--data DIR]

A server without a certificate creates a private CA when it starts. Sensors trust the CA by its pin:
attacklens-sensor enroll --ca-pin sha256:...

show prints the pins, and how many sensors have not checked in since the last rotation.

rotate creates a new root certificate, which signs from now on. Running servers use it within a
minute. During the overlap of DAYS (default: 30), the old root stays valid, and sensors receive the
new one at their next check-in. After the overlap, deploy commands need the new pin.

retire ends the overlap now. A sensor that has not checked in since the rotation then rejects the
server until you run attacklens-sensor enroll with the new pin on its host.
`;

const MAX_OVERLAP_DAYS = 365;

export async function caCommand([verb, ...args]: string[]): Promise<number> {
  const { data, overlap } = parseFlags(args);
  const overlapDays = parseDays(overlap);
  const config = readConfig(data === undefined ? [] : ["--data", data]);
  if (!["show", "rotate", "retire"].includes(verb ?? ""))
    throw new ConfigError(
      `${verb === undefined ? "ca needs a command" : `There is no command ${JSON.stringify(`ca ${verb}`)}`}\nhint: attacklens ca --help lists the commands`,
    );
  const db = await openExistingDatabase(config);
  try {
    const now = Date.now();
    if ((await describeAuthorities(db, now + 1)).length === 0) throw noAuthority();
    const secret = () => config.secret ?? readSessionSecret(config.dataDir);
    if (verb === "rotate") await rotateAuthority(db, now, secret(), overlapDays * 86_400_000);
    else if (verb === "retire") await retireAuthorities(db, now);
    for (const [index, root] of (await describeAuthorities(db, now + 1)).entries()) {
      const { pin, createdAt, retiresAt, sensorsNotSeenSince } = root;
      const state =
        index === 0 ? `signing since ${createdAt}` : `trusted until ${retiresAt ?? "it is retired"}`;
      const capped = (count: number) => (count > COUNT_CAP ? `more than ${COUNT_CAP}` : String(count));
      const silent = countOf(sensorsNotSeenSince, "sensor", "sensors", capped);
      const behind = index === 0 && sensorsNotSeenSince > 0 ? `; ${silent} not seen since then` : "";
      console.log(`${pin}  ${state}${behind}`);
    }
    return 0;
  } finally {
    await db.destroy();
  }
}

function noAuthority(): DatabaseError {
  return new DatabaseError(
    "Cannot use the private CA: it does not exist yet",
    "start attacklens serve on an address other than loopback, or with --tls private. It creates the CA",
  );
}

function parseDays(text = "30"): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= MAX_OVERLAP_DAYS) return Number(text);
  throw new ConfigError(`--overlap must be a whole number of days from 0 to ${MAX_OVERLAP_DAYS}`);
}

function parseFlags(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args, options: { data: text, overlap: text } }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
