import { getConnection } from "@attacklens/protocol/connection.ts";
import { toInstant } from "../ids.ts";
import { handler } from "../route-handler.ts";

export const certificateRoutes = [
  handler(getConnection, async (_, { connection }) => ({
    sensorUrl: connection.sensorUrl(),
    caPin: connection.roots()?.pin ?? null,
    certificateExpiresAt: toInstant(connection.certificate()?.expiresAt ?? null),
  })),
];
