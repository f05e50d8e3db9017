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

/** The proxy that the environment names for an address, without its credentials; undefined: none. As fetch reads it. */
export function proxyFor(address: string): string | undefined {
  const { protocol, hostname } = new URL(address);
  const names = protocol === "https:" ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"];
  const exempt = (process.env.NO_PROXY ?? process.env.no_proxy ?? "").split(",").map((name) => name.trim());
  if (exempt.some((name) => name === "*" || (name && `.${hostname}`.endsWith(`.${name.replace(/^\./, "")}`))))
    return undefined;
  const proxy = names.map((name) => process.env[name]).find(Boolean);
  return proxy && URL.canParse(proxy) ? new URL(proxy).origin : undefined;
}
