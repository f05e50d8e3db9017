// Requests with an Idempotency-Key that a client repeats because the reply was lost.
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { type Route, routePath } from "@attacklens/protocol/route.ts";
import { makeTestSensor } from "./test-sensor.ts";
import { jsonInit, type World } from "./test-world.ts";

export const KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"';
export const DAY_MS = 86_400_000;
export const tokenBody = { name: "Servers", scope: { type: "all-assets" }, expiresAt: null } as const;

interface Reply {
  status: number;
  code?: string;
  detail?: string;
  id: string;
  value: string;
}

interface Sending {
  key?: string | null;
  params?: Record<string, string>;
  authorization?: string;
  fetch?: World["fetch"];
  signal?: AbortSignal;
}

/** Sends a request that creates an object. Returns the common fields of all such replies. */
export async function send(world: World, cookie: string, route: Route, body: unknown, sending: Sending = {}) {
  const { key = KEY, params = {}, authorization, fetch = world.fetch, signal } = sending;
  const headers: Record<string, string> = authorization ? { authorization } : { cookie };
  if (key !== null) headers["idempotency-key"] = key;
  const init = { ...jsonInit(route.method, body, headers), signal: signal ?? null };
  const response = await fetch(routePath(route, params), init);
  const reply = (await response.json()) as Partial<Reply> & Record<string, { id: string }>;
  const object = reply.enrollmentToken ?? reply.apiKey ?? (reply as { id?: string });
  return {
    status: response.status,
    code: reply.code,
    detail: reply.detail,
    id: object.id,
    value: reply.value,
  } as Reply;
}

export async function enroll(world: World, token: string, fetch = world.fetch) {
  const path = "/sensor/v1/enroll";
  const sensor = makeTestSensor();
  const init = sensor.request("POST", path, sensor.enrollBody(), world.clock.ms, { token });
  const response = await fetch(path, init);
  const { code, sensorId } = (await response.json()) as { code?: string; sensorId?: string };
  return { outcome: code ?? "enrolled", sensorId: sensorId ?? "" };
}

export async function reEnroll(world: World, ticket: string, fetch = world.fetch) {
  const path = "/sensor/v1/re-enroll";
  const sensor = makeTestSensor();
  const init = sensor.request("POST", path, sensor.enrollBody(), world.clock.ms, { token: ticket });
  const response = await fetch(path, init);
  return response.status === 201 ? "enrolled" : ((await response.json()) as { code: string }).code;
}

export async function callWith(_world: World, value: string, fetch: World["fetch"]) {
  const init = { headers: { authorization: `Bearer ${value}` } };
  return (await fetch(listEnrollmentTokens.path, init)).status === 200 ? "accepted" : "refused";
}

export const actions = async (world: World) =>
  (await world.db.selectFrom("auditEvent").select(["action", "entityId"]).orderBy("sequence").execute()).map(
    ({ action, entityId }) => `${action} ${entityId}`,
  );
