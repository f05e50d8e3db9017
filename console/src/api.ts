// Calls routes of the API and turns every failure into a problem.
import {
  type ApiRequest,
  callRoute,
  openReply,
  readRefusal,
  type SendCall,
  UnexpectedReply,
} from "@attacklens/protocol/client.ts";
import { newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import { PROBLEMS, Problem, type ProblemCode } from "@attacklens/protocol/problems.ts";
import type { Route, RouteOutput } from "@attacklens/protocol/route.ts";
import { requestConfirmation } from "./confirmation.ts";
import { problemSentence } from "./problem-sentences.ts";

interface CallOptions {
  signal?: AbortSignal;
  /** For a route that creates an object: the same key for every attempt of one request. */
  idempotencyKey?: string;
}

/**
 * The ids of the objects that this page has deleted. Ids are unique, so the server has nothing more to say
 * about them. The stream of changes and a mounted page would otherwise fetch them again.
 */
const deletedIds = new Set<string>();

/** The id of the object that a route deletes or reads. */
function idOf(route: Route, request: { params?: unknown }): string | undefined {
  if (!route.path.includes("{id}")) return undefined;
  if (route.method === "DELETE" && !route.path.endsWith("/{id}")) return undefined;
  return (request.params as { id?: string } | undefined)?.id;
}

/**
 * Calls a route. If the server needs a recent sign-in, the user confirms their identity and the call is
 * repeated. Throws a `Problem` if the server refuses, fails or cannot be reached.
 */
export async function callApi<R extends Route>(
  route: R,
  request: ApiRequest<R>,
  options: CallOptions = {},
): Promise<RouteOutput<R>> {
  return await withConfirmation(() => callOnce(route, request, options));
}

/** Repeats the call once if the server needs a recent sign-in and the user confirms their identity. */
async function withConfirmation<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "sign-in-not-recent") throw error;
    if (await requestConfirmation()) return await call();
    throw new Problem(
      "sign-in-not-recent",
      "Nothing was changed, because you did not confirm your identity.",
    );
  }
}

async function callOnce<R extends Route>(
  route: R,
  request: ApiRequest<R>,
  { signal, idempotencyKey }: CallOptions,
): Promise<RouteOutput<R>> {
  const limit = AbortSignal.timeout(MAX_WAIT_MS);
  const until = signal ? AbortSignal.any([signal, limit]) : limit;
  const id = idOf(route, request);
  if (id !== undefined && route.method === "GET" && deletedIds.has(id))
    throw new Problem("not-found", "The object was deleted.");
  if (id !== undefined && route.method === "DELETE") deletedIds.add(id);
  const send: SendCall = (path, call) =>
    fetch(path, { ...call, credentials: "same-origin", cache: "no-store", signal: until });
  return await callRoute(send, route, request, { idempotencyKey }).catch((error: unknown) => {
    if (id !== undefined && route.method === "DELETE") deletedIds.delete(id);
    signal?.throwIfAborted();
    const problem =
      error instanceof Problem || error instanceof UnexpectedReply
        ? shownProblem(error)
        : new Problem("unavailable", "The server cannot be reached.", { cause: error });
    if (route.method === "GET" || problem.code !== "unavailable") throw problem;
    throw new Problem("unavailable", `${problem.detail} ${NOT_SAVED}`, { cause: problem.cause });
  });
}

/** A request without a reply ends after this time. */
const MAX_WAIT_MS = 60_000;

/** In an outage. If only the reply was lost, the same request again is the same change. */
const NOT_SAVED = "Nothing was saved yet. Try again when the server responds.";

/** Calls a route that replies with lines of JSON. Throws as `callApi` does, also if the reply ends early. */
export async function* streamApi<R extends Route>(
  route: R,
  request: ApiRequest<R>,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const send: SendCall = (path, call) => fetch(path, { ...call, credentials: "same-origin", signal });
  try {
    const reply = await withConfirmation(() => openReply(send, route, request));
    let rest = "";
    const text = reply.body!.pipeThrough(new TextDecoderStream());
    const reader = text.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem || error instanceof UnexpectedReply) throw shownProblem(error);
    throw new Problem("unavailable", "The connection to the server was lost.", { cause: error });
  }
}

/** Creates an object from the input of the user. */
export type Creation<R extends Route> = (
  typed: unknown,
  toRequest: () => ApiRequest<R>,
) => Promise<RouteOutput<R>>;

/**
 * Calls a route that creates an object. While it is unknown whether the server created the object, the same
 * input sends the same request with the same key. Pressing the button several times therefore creates one
 * object.
 */
export function openCreation<R extends Route>(route: R): Creation<R> {
  let pending: { typed: string; request: ApiRequest<R>; idempotencyKey: string } | undefined;
  return async (typed, toRequest) => {
    const text = JSON.stringify(typed);
    if (pending?.typed !== text)
      pending = { typed: text, request: toRequest(), idempotencyKey: newIdempotencyKey() };
    const { request, idempotencyKey } = pending;
    try {
      const created = await callApi(route, request, { idempotencyKey });
      pending = undefined;
      return created;
    } catch (error) {
      if (problemOf(error).status < 500) pending = undefined;
      throw error;
    }
  };
}

/** Statuses with which a proxy can refuse a request before the server reads it. */
const CODES_BY_STATUS: Partial<Record<number, ProblemCode>> = {
  404: "not-found",
  405: "method-not-allowed",
  408: "request-timeout",
  413: "body-too-large",
  429: "too-many-requests",
};

/** Reads the problem of a refusal. An error page of a proxy becomes a problem by its status. */
export async function readProblem(response: Response): Promise<Problem> {
  return shownProblem(await readRefusal(response));
}

function shownProblem(error: Problem | UnexpectedReply): Problem {
  if (error instanceof Problem)
    return new Problem(error.code, problemSentence(error), error.fields ? { fields: error.fields } : {});
  const { status, cause } = error;
  if (status < 400) return new Problem("unavailable", "The server's reply is incomplete.", { cause });
  const code = status >= 500 ? "unavailable" : (CODES_BY_STATUS[status] ?? "malformed-request");
  return new Problem(code, `${PROBLEMS[code].title} (status ${status}).`);
}

/** Converts any thrown value to a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem("internal-error", error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
