import * as routes from "@attacklens/protocol/enroll.ts";
import { createTicket as createTicketRoute } from "@attacklens/protocol/sensors.ts";
import { toInstant } from "../ids.ts";
import { handler, type Services } from "../route-handler.ts";
import { checkToken } from "./check-token.ts";
import { enrollSensor } from "./enroll.ts";
import { enrollClone } from "./enroll-clone.ts";
import { createTicket, reEnroll } from "./re-enroll.ts";

export const enrollmentRoutes = [
  handler(routes.checkToken, async ({ body, http: { address }, holder }, { now, checkQueue, connection }) => {
    const at = now();
    const check = { valueHash: holder.valueHash, at, address, hostname: body.hostname };
    const certificate = connection.certificate()?.pin ?? null;
    return { serverTime: toInstant(at), address, certificate, ...(await checkToken(checkQueue, check)) };
  }),
  handler(routes.enroll, async ({ body, http: { address }, holder }, services) => ({
    ...(await enrollSensor(services, { at: services.now(), address }, holder, body)),
    ...aboutServer(services),
  })),
  handler(routes.reEnroll, async ({ body, http: { address }, holder }, services) => ({
    ...(await reEnroll(services.db, { at: services.now(), address }, holder, body)),
    ...aboutServer(services),
  })),
  handler(routes.enrollClone, async ({ body, http: { address }, sensor }, services) => ({
    ...(await enrollClone(services.db, services, { at: services.now(), address }, sensor, body)),
    ...aboutServer(services),
  })),
  handler(createTicketRoute, (request, { db, now, checkInIntervalSeconds }) => {
    const { params, user, idempotency, http } = request;
    http.replyHeaders.set("cache-control", "no-store");
    return createTicket(db, { now: now(), checkInIntervalSeconds, user }, params.id, idempotency);
  }),
];

/** The facts about the server that an enrolled host receives. */
function aboutServer({ now, checkInIntervalSeconds, answers, connection }: Services) {
  return {
    checkInIntervalSeconds,
    serverTime: toInstant(now()),
    serverKey: answers.publicKey,
    certificate: connection.certificate()?.pin ?? null,
  };
}
