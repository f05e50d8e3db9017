// Processes a request up to its handler, in the same order for every route: the headers of the body, the
// sender, and the limits of the body; then the body, its digest, its JSON and its schema. No body is read
// before its sender is authenticated.
import type { Route } from "@attacklens/protocol/route.ts";
import { bodyLimitsOf } from "@attacklens/protocol/route.ts";
import type { HttpRequest, SensorCaller, User } from "../caller.ts";
import { authenticateHolder, type TokenHolder } from "../enrollment/authenticate-holder.ts";
import { pace } from "../pace.ts";
import type { Services } from "../route-handler.ts";
import { authenticateSensor } from "../sensors/identity/authenticate-sensor.ts";
import { type ContentDigest, verifyDigests } from "../sensors/identity/sensor-signature.ts";
import { BODY_PARTS, type BodyPart, type BodyRoom } from "./body-room.ts";
import { requireUser } from "./caller.ts";
import { NO_QUERY, parseInput } from "./parse-input.ts";
import { announcedBytes, parseJsonBody, readBody, refuseEncoded } from "./request-body.ts";
import type { UploadQueue } from "./upload-queue.ts";
import type { UserReads } from "./user-reads.ts";

export interface Door {
  services: Services;
  bodyRoom: BodyRoom;
  userReads: UserReads;
  uploads: UploadQueue;
}

/** Nearly every body of a user arrives with its head. */
const LATE_BODY_MS = 100;

interface Caller {
  user?: User;
  sensor?: SensorCaller;
  holder?: TokenHolder;
  /** The digests that the body must match. */
  digests?: ContentDigest[];
}

export interface Received {
  /** The argument of the handler. */
  request: ReturnType<typeof parseInput> & Omit<Caller, "digests"> & { http: HttpRequest };
  /** Releases the resources of the request after its reply. */
  release(): void;
}

/** `onBody` is called when the body was read to its end. */
export async function receive(
  door: Door,
  route: Route,
  raw: Request,
  pathParams: Record<string, string>,
  http: HttpRequest,
  onBody: () => void,
): Promise<Received> {
  const limits = bodyLimitsOf(route);
  refuseEncoded(http.headers);
  const bytes = route.body ? announcedBytes(http.headers, limits) : 0;
  const caller = await authenticate(door, route, http, bytes);
  const taken: { release(): void }[] = [];
  const release = () => {
    for (const one of taken.splice(0)) one.release();
  };
  try {
    if (caller.sensor)
      taken.push(
        door.services.sensorBudget.begin(caller.sensor.id, route.isUpload ? "upload" : "request", bytes),
      );
    if (caller.user && route.method === "GET" && !route.streams)
      taken.push(await door.userReads.begin(caller.user.id));
    // The route has accepted the same bytes of this sensor before.
    const isKnown = caller.sensor?.isRepeated ?? false;
    let body: unknown;
    if (route.body) {
      const [part, payer] = payerOf(route, caller, http);
      taken.push(door.bodyRoom.reserve(part, payer, bytes));
      const { deadlineMs } = BODY_PARTS[part];
      const startedAt = performance.now();
      const content = await readBody(raw, { maxBytes: limits.bytes, deadlineMs });
      onBody();
      // The session of the user may have ended meanwhile.
      if (caller.user && performance.now() - startedAt > LATE_BODY_MS) await http.checkAgain();
      if (route.isUpload) {
        taken.push(await door.uploads.begin());
        await pace.turn("upload");
      }
      verifyDigests(caller.digests ?? [], content);
      body = await parseJsonBody(content, limits, isKnown);
    }
    const query = raw.url.includes("?") ? new URL(raw.url).searchParams : NO_QUERY;
    const input = parseInput(route, pathParams, query, body, isKnown);
    const { user, sensor, holder } = caller;
    return {
      request: { params: input.params, query: input.query, body: input.body, user, sensor, holder, http },
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

function authenticate(
  { services }: Door,
  route: Route,
  http: HttpRequest,
  bytes: number,
): Caller | Promise<Caller> {
  const { access } = route;
  switch (access) {
    case "public":
      return {};
    case "sensor":
      return authenticateSensor(services, services.now(), route, http, bytes);
    case "enrollment-token":
    case "re-enrollment-ticket":
      return authenticateHolder(services, route, http);
    default:
      return requireUser(services, http, { ...route, access }).then((user) => ({ user }));
  }
}

/** Returns the part of the limits that a body counts against. */
function payerOf(
  route: Route,
  { user, sensor, holder }: Caller,
  { address }: HttpRequest,
): [BodyPart, string] {
  if (sensor) return [route.isUpload ? "upload" : "sensor", sensor.id];
  if (user) return ["user", user.id];
  return [holder ? "enrolling" : "stranger", address];
}
