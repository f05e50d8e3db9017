import { createHash } from "node:crypto";
import { getConnection, getRoots } from "@attacklens/protocol/connection.ts";
import { toInstant } from "../ids.ts";
import { handler } from "../route-handler.ts";

export const certificateRoutes = [
  handler(getConnection, async (_, { connection }) => ({
    sensorUrl: connection.sensorUrl(),
    caPin: connection.roots()?.pin ?? null,
    caSha256: sha256Of(connection.caFiles()[0]),
    certificateExpiresAt: toInstant(connection.certificate()?.expiresAt ?? null),
  })),
  handler(getRoots, async ({ http }, { connection }) => {
    // The route is public, so a cache may keep the reply for the time that a rotation takes to reach every
    // server.
    http.replyHeaders.set("cache-control", "public, max-age=60");
    return { certificates: connection.roots()?.certificates ?? [] };
  }),
];

function sha256Of(text: string | undefined): string | null {
  return text === undefined ? null : createHash("sha256").update(text).digest("hex");
}
