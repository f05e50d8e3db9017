// Sends requests to a server that may be killed at any moment. A request without a reply may have been
// carried out or not.
import { IDEMPOTENCY_KEY_HEADER } from "@attacklens/protocol/idempotency-key.ts";
import { type Route, type RouteOutput, routePath } from "@attacklens/protocol/route.ts";
import type { Session } from "../../harness/api-client.ts";

export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

type Items<R extends Route> = RouteOutput<R> extends { items: infer I } ? I : never;

export type Requests = ReturnType<typeof openRequests>;

/** `report` receives each reply that a server never sends. */
export function openRequests(session: Session, report: (text: string) => void) {
  let isAway = false;
  const cookie = () => session.cookie ?? "";

  /** Returns undefined if the connection broke, or if the server asks to retry later. */
  async function read(url: string, path: string, init: RequestInit) {
    const reply = await fetch(url + path, init).catch(() => undefined);
    const text = await reply?.text().catch(() => undefined);
    if (!reply || text === undefined) {
      isAway = true;
      return undefined;
    }
    if (reply.status === 429 || (reply.status === 503 && reply.headers.has("retry-after"))) return undefined;
    if (reply.status >= 500) report(`${init.method} ${path} returned ${reply.status}: ${text}`);
    return { status: reply.status, text };
  }

  async function send(url: string, path: string, init: RequestInit): Promise<Reply | undefined> {
    const reply = await read(url, path, init);
    return reply && { status: reply.status, body: reply.text ? JSON.parse(reply.text) : {} };
  }

  function asUser(url: string, route: Route, body: unknown, key?: string): RequestInit {
    return {
      method: route.method,
      headers: {
        ...(route.method === "GET" ? {} : { origin: url, "content-type": "application/json" }),
        ...(key ? { [IDEMPOTENCY_KEY_HEADER]: key } : {}),
        cookie: cookie(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }

  return {
    /** True after a connection broke, until `back` is called. */
    isAway: () => isAway,
    back: () => {
      isAway = false;
    },
    send,

    /** Sends a request of the user. */
    ask: (url: string, route: Route, id?: string, body?: unknown, key?: string) =>
      send(url, routePath(route, id === undefined ? undefined : { id }), asUser(url, route, body, key)),

    /** Sends a request of the user, whose reply has a line of JSON for each item. */
    async readLines(
      url: string,
      route: Route,
      query: string,
      body?: unknown,
    ): Promise<unknown[] | undefined> {
      const reply = await read(url, routePath(route) + query, asUser(url, route, body));
      // The connection may break within a line.
      const lines = reply?.text.split("\n").slice(0, -1);
      return reply?.status === 200 ? lines!.map((line) => JSON.parse(line) as unknown) : undefined;
    },

    /** Reads all pages of a list. */
    async list<R extends Route>(url: string, route: R): Promise<Items<R>> {
      const items: unknown[] = [];
      let cursor: string | null | undefined;
      do {
        const path = `${routePath(route)}?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
        const reply = await send(url, path, { method: "GET", headers: { cookie: cookie() } });
        if (reply?.status !== 200) throw new Error(`${path} returned ${JSON.stringify(reply)}`);
        items.push(...(reply.body.items as unknown[]));
        cursor = reply.body.nextCursor as string | null;
      } while (cursor);
      return items as Items<R>;
    },
  };
}
