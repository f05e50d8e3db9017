// attacklens ca: the private CA of servers without a public certificate, from the machine that has the database.

import { parseArgs } from "node:util";
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

A server without a certificate makes a private CA when it starts. Sensors are given it by
its pin: attacklens-sensor enroll --ca-pin sha256:... show prints it.

rotate makes a new root that signs from then on; running servers follow within a minute.
For DAYS (30) sensors that know the root before are still served, and learn of the new
one with their next check-in. Deploy commands need the new pin when the overlap is over.

retire ends the overlap now: a sensor that has not checked in since the rotation can
then only come back with a new enrollment. show says how many those are.`;

const MAX_OVERLAP_DAYS = 365;

export async function caCommand([verb, ...args]: string[]): Promise<number> {
  const { data, overlap } = parseFlags(args);
  const overlapDays = parseDays(overlap);
  const config = readConfig(data === undefined ? [] : ["--data", data]);
  if (!["show", "rotate", "retire"].includes(verb ?? ""))
    throw new ConfigError(
      `${verb === undefined ? "ca needs a command" : `There is no command ${JSON.stringify(`ca ${verb}`)}`}\nhint: attacklens ca --help shows the commands`,
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
        index === 0 ? `signs since ${createdAt}` : `trusted until ${retiresAt ?? "it is retired"}`;
      const count = sensorsNotSeenSince > COUNT_CAP ? `more than ${COUNT_CAP}` : String(sensorsNotSeenSince);
      const behind = index === 0 && sensorsNotSeenSince > 0 ? `; sensors not seen since: ${count}` : "";
      console.log(`${pin}  ${state}${behind}`);
    }
    return 0;
  } finally {
    await db.destroy();
  }
}

function noAuthority(): DatabaseError {
  return new DatabaseError(
    "Cannot use the private CA: there is none yet",
    "start attacklens serve on an address other than loopback, or with --tls private: it creates one",
  );
}

function parseDays(text = "30"): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= MAX_OVERLAP_DAYS) return Number(text);
  throw new ConfigError(`--overlap: must be whole days, 0 to ${MAX_OVERLAP_DAYS}`);
}

function parseFlags(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args, options: { data: text, overlap: text } }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
