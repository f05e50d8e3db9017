// Preflight check of name resolution and proxy.
import { lookup } from "node:dns/promises";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { openTunnel } from "../../transport/proxy.ts";
import { bareHost, describeProxy } from "../../transport/proxy-url.ts";
import { failureOf } from "../../transport/request.ts";
import { type Finding, TIMEOUT_MS } from "./finding.ts";

/** With a proxy, this host resolves the proxy's name; otherwise the server's. */
export async function* lookAtWay(url: URL, proxy: string | undefined): AsyncGenerator<Finding, boolean> {
  if (proxy === undefined) {
    const name = await checkName(url.hostname, "--server");
    yield name;
    yield { step: "proxy", state: "ok", text: "none" };
    return name.state !== "failed";
  }
  const name = await checkName(new URL(proxy).hostname, "the proxy's address");
  yield { ...name, text: `${name.text}: the proxy, which resolves ${bareHost(url.hostname)}` };
  if (name.state === "failed") return false;
  const tunnel = await checkProxy(proxy, url);
  yield tunnel;
  return tunnel.state !== "failed";
}

async function checkName(hostname: string, origin: string): Promise<Finding> {
  const bare = bareHost(hostname);
  try {
    const addresses = await lookup(bare, { all: true });
    const text = `${bare} is ${[...new Set(addresses.map((one) => one.address))].join(", ")}`;
    return { step: "name", state: "ok", text };
  } catch (error) {
    return {
      step: "name",
      state: "failed",
      text: `${bare} could not be resolved (${errnoCode(error)})`,
      hint: `check the spelling of ${origin} and this host's DNS`,
    };
  }
}

async function checkProxy(proxy: string, url: URL): Promise<Finding> {
  const shown = describeProxy(proxy);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  try {
    (await openTunnel(proxy, bareHost(url.hostname), port, TIMEOUT_MS)).destroy();
    return { step: "proxy", state: "ok", text: `${shown} connects to ${url.host}` };
  } catch (error) {
    return {
      step: "proxy",
      state: "failed",
      text: (await failureOf({ server: url.origin, proxy }, error)).message,
      hint: "check --proxy http://USER:PASSWORD@HOST:PORT, or HTTPS_PROXY, ALL_PROXY and NO_PROXY",
    };
  }
}
