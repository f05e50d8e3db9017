// What the environment says. The only file of the sensor that reads it.
import { join } from "node:path";

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

/** The proxy that the environment names for an address, with its credentials; undefined: none. As curl(1) reads it. */
export function proxyFor(address: string): string | undefined {
  const { protocol, hostname, port } = new URL(address);
  const names =
    protocol === "https:"
      ? ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
      : ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"];
  const exempt = (process.env.NO_PROXY ?? process.env.no_proxy ?? "").split(",").map((name) => name.trim());
  const host = hostname.replace(/^\[|\]$/g, "");
  const isExempt = exempt.some((name) => {
    if (name === "*" || name === host || name === `${hostname}:${port}`) return true;
    return name !== "" && `.${host}`.endsWith(`.${name.replace(/^\./, "")}`);
  });
  if (isExempt) return undefined;
  const proxy = names.map((name) => process.env[name]).find(Boolean);
  if (!proxy) return undefined;
  const url = proxy.includes("://") ? proxy : `http://${proxy}`;
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).href : undefined;
}
