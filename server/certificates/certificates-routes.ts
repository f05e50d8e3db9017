import { getConnection, getRoots } from "@attacklens/protocol/connection.ts";
import { toInstant } from "../ids.ts";
import { handler } from "../route-handler.ts";

export const certificateRoutes = [
  handler(getConnection, async (_, { connection }) => ({
    sensorUrl: connection.sensorUrl(),
    caPin: connection.roots()?.pin ?? null,
    certificateExpiresAt: toInstant(connection.certificate()?.expiresAt ?? null),
  })),
  handler(getRoots, async ({ http }, { connection }) => {
    // The route is public, so a cache may keep the reply for the time that a rotation takes to reach every
    // server.
    http.replyHeaders.set("cache-control", "public, max-age=60");
    return { certificates: connection.roots()?.certificates ?? [] };
  }),
];
