// The flags for the server's address, its pin and a proxy.
import { caPin as caPinSchema } from "@attacklens/protocol/ca-pin.ts";
import { isLoopback, parseServerUrl } from "@attacklens/protocol/server-url.ts";
import { SensorError } from "../sensor-error.ts";
import { parseProxyUrl, proxyFor } from "../transport/proxy-url.ts";

const text = { type: "string" } as const;
export const CONNECTION_FLAGS = { server: text, "ca-pin": text, proxy: text } as const;

/** `action` as in "Cannot enroll sensor". Throws SensorError. */
export function readConnectionFlags(
  flags: { server?: string | undefined; "ca-pin"?: string | undefined; proxy?: string | undefined },
  action: string,
) {
  if (flags.server === undefined) {
    throw new SensorError(
      "usage",
      `Cannot ${action}: no server was given`,
      "add --server https://attacklens.example.com",
    );
  }
  const parsed = parseServerUrl(flags.server, "token");
  if ("problem" in parsed) throw new SensorError("usage", parsed.problem, parsed.hint);
  const server = parsed.origin;
  const caPin = flags["ca-pin"];
  if (caPin !== undefined && !caPinSchema.safeParse(caPin).success) {
    throw new SensorError(
      "usage",
      `Cannot ${action}: --ca-pin must be sha256: followed by 64 hexadecimal characters in lower case`,
      "copy the pin from the console or from attacklens ca show",
    );
  }
  if (caPin !== undefined && server.startsWith("http:"))
    throw new SensorError("usage", `Cannot ${action}: --ca-pin requires an https:// server`);
  const isNear = isLoopback(new URL(server).hostname);
  const proxy = flags.proxy === undefined || isNear ? undefined : parseProxyUrl(flags.proxy);
  return { server, caPin, proxy, environmentProxy: isNear ? undefined : proxyFor(server) };
}
