// A relay between a sensor and its server. It loses replies after the server has acted, or replies itself.
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./signed-requests.ts";

/** `asked` is e.g. `POST /sensor/v1/enroll`; "cut" closes the connection without a reply. */
export type Handling = (asked: string, forward: () => Promise<Answer>) => Promise<Answer | "cut">;

export interface Relay extends AsyncDisposable {
  url: string;
  /** Absent: forwards everything. */
  handle: Handling | undefined;
}

export async function openRelay(target: string): Promise<Relay> {
  const server = createServer(async (received, reply) => {
    const body = await readAll(received);
    const forward = () => forwardTo(target, received, body);
    const handle = relay.handle ?? ((_asked, forwarded) => forwarded());
    const answer = await handle(`${received.method} ${received.url}`, forward);
    if (answer === "cut") return received.socket.destroy();
    const headers = Object.entries(answer.headers).filter(([name]) => name !== "transfer-encoding");
    reply.writeHead(answer.status, Object.fromEntries(headers)).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const relay: Relay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handle: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}

/** Loses the first reply to each request; `lost` names the requests. */
export function losesFirstReplies(): { handle: Handling; lost: Set<string> } {
  const lost = new Set<string>();
  const handle: Handling = async (asked, forward) => {
    const answer = await forward();
    if (lost.has(asked)) return answer;
    lost.add(asked);
    return "cut";
  };
  return { handle, lost };
}

function forwardTo(target: string, received: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: received.method ?? "", headers: received.headers, agent: false };
    const sent = httpRequest(new URL(received.url ?? "", target), options, async (answer) => {
      const { statusCode: status = 0, headers } = answer;
      resolve({ status, headers: headers as Answer["headers"], body: await readAll(answer) });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}
