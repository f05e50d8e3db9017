import { createHash } from "node:crypto";
import { getConnection, getRoots } from "@attacklens/protocol/connection.ts";
import type { ReleaseFile, ReleaseManifest } from "@attacklens/protocol/releases/release.ts";
import { toInstant } from "../ids.ts";
import { handler } from "../route-handler.ts";

export const certificateRoutes = [
  handler(getConnection, async (_, { connection, releases }) => ({
    sensorUrl: connection.sensorUrl(),
    caPin: connection.roots()?.pin ?? null,
    caSha256: sha256Of(connection.caFiles()[0]),
    certificateExpiresAt: toInstant(connection.certificate()?.expiresAt ?? null),
    release: offeredSensor((await releases.list())[0]),
  })),
  handler(getRoots, async ({ http }, { connection }) => {
    // The route is public, so a cache may keep the reply for the time that a rotation takes to reach every
    // server.
    http.replyHeaders.set("cache-control", "public, max-age=60");
    return { certificates: connection.roots()?.certificates ?? [] };
  }),
];

interface Offered {
  manifest: ReleaseManifest;
  files: ReadonlyMap<string, { file: ReleaseFile }>;
}

function offeredSensor(release: Offered | undefined) {
  if (!release) return null;
  const sensors = [...release.files.values()].filter(({ file }) => file.program === "sensor");
  const files = sensors.map(({ file: { name, target, format } }) => ({ name, target, format }));
  return { version: release.manifest.version, files };
}

function sha256Of(text: string | undefined): string | null {
  return text === undefined ? null : createHash("sha256").update(text).digest("hex");
}
