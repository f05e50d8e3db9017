// What the environment says. The only file of the sensor that reads it.
import { join } from "node:path";
import { dropForeignVariables, type IgnoredVariables } from "@attacklens/protocol/ignored-variables.ts";
import { bareHost, isExempt, parseProxyUrl } from "./transport/proxy.ts";

/** Before anything else: what would have weakened this program is gone then. Returns what to say about it. */
export function dropWeakening(): IgnoredVariables {
  return dropForeignVariables(process.env);
}

/** Where identity and status are kept: the system's place for a service, else the person's own. */
export function defaultStateDir(): string {
  const { ATTACKLENS_STATE, ProgramData, HOME, XDG_STATE_HOME } = process.env;
  if (ATTACKLENS_STATE) return ATTACKLENS_STATE;
  if (process.platform === "win32") return join(ProgramData ?? "C:\\ProgramData", "AttackLens", "Sensor");
  if (process.getuid?.() === 0) {
    return process.platform === "darwin"
      ? "/Library/Application Support/AttackLens/Sensor"
      : "/var/lib/attacklens-sensor";
  }
  return join(XDG_STATE_HOME ?? join(HOME ?? "/", ".local", "state"), "attacklens-sensor");
}

/** The token from the environment, which forgets it: no program that this one might start inherits it. */
export function takeEnvironmentToken(): string | undefined {
  const token = process.env.ATTACKLENS_TOKEN || undefined;
  delete process.env.ATTACKLENS_TOKEN;
  return token;
}

/**
 * The proxy that the environment names for an https:// address, with its credentials; undefined: none. As curl(1) reads it. Throws
 * SensorError, which does not hold them, for what is no proxy that can be used: to go past it is not what was asked for.
 */
export function proxyFor(address: string): string | undefined {
  const { https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY } = process.env;
  const proxy = https_proxy || HTTPS_PROXY || all_proxy || ALL_PROXY;
  if (!proxy) return undefined;
  const { hostname, port } = new URL(address);
  if (isExempt(no_proxy || NO_PROXY || "", bareHost(hostname), Number(port || 443))) return undefined;
  return parseProxyUrl(proxy.includes("://") ? proxy : `http://${proxy}`);
}
