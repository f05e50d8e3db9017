// The commands that an operator pastes on a host. They do not contain the token, so that neither the shell
// history nor the process list shows it.
import type { getConnection } from "@attacklens/protocol/connection.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { isLoopback } from "@attacklens/protocol/server-url.ts";

export const PLATFORMS = [
  { value: "linux", label: "Linux" },
  { value: "darwin", label: "macOS" },
  { value: "windows", label: "Windows" },
] as const satisfies { value: Sensor["platform"]; label: string }[];
export type Platform = (typeof PLATFORMS)[number]["value"];

export type Connection = RouteOutput<typeof getConnection>;

/** The address of the server for sensors, and the CA that they trust. */
export interface Target {
  server: string;
  /** Null: the system's trusted CAs are used. */
  caPin: string | null;
  /** `local`: works only on the server itself. `rejected`: sensors reject plain HTTP over a network. */
  reach: "network" | "local" | "rejected";
}

/** `origin`: the address of the console. */
export function targetOf({ sensorUrl, caPin }: Connection, origin: string): Target {
  const { origin: server, protocol, hostname } = new URL(sensorUrl ?? origin);
  const isLocal = isLoopback(hostname);
  const isPlain = protocol === "http:";
  return {
    server,
    caPin: isPlain ? null : caPin,
    reach: isLocal ? "local" : isPlain ? "rejected" : "network",
  };
}

/** `secret`: the text of the prompt. */
export function enrollCommand(target: Target, platform: Platform, secret: string): string {
  return askingFor(secret, platform, sensorCommand("enroll --token -", target, platform));
}

/**
 * The preflight check. Without a secret, it checks only the connection, because a ticket cannot be checked.
 */
export function checkCommand(target: Target, platform: Platform, secret: string | undefined): string {
  if (secret === undefined) return sensorCommand("check", target, platform);
  return askingFor(secret, platform, sensorCommand("check --token -", target, platform));
}

/** One flag per line, so that a pin stays on one line and can be compared. */
function sensorCommand(words: string, { server, caPin }: Target, platform: Platform): string {
  // zsh treats the brackets of an IPv6 address as a pattern.
  const address = /^[\w:/.-]+$/.test(server) ? server : `'${server}'`;
  const flags = [`--server ${address}`, ...(caPin ? [`--ca-pin ${caPin}`] : [])];
  const program = platform === "windows" ? "attacklens-sensor.exe" : "sudo attacklens-sensor";
  return [`${program} ${words}`, ...flags].join(platform === "windows" ? " `\n  " : " \\\n  ");
}

/**
 * Reads the secret without showing it and pipes it to the command: for bash and zsh, or for PowerShell as an
 * administrator. The parentheses make it one command, so that users can paste all of it, and limit the scope
 * of the secret.
 */
function askingFor(secret: string, platform: Platform, command: string): string {
  if (platform === "windows") {
    return [
      "& {",
      `  $Token = Read-Host -AsSecureString '${secret}'`,
      "  [Net.NetworkCredential]::new('', $Token).Password |",
      indent(command),
      "}",
    ].join("\n");
  }
  return [
    "(",
    `  printf '${secret}: '; read -rs TOKEN; echo`,
    `  printf %s "$TOKEN" |`,
    indent(command),
    ")",
  ].join("\n");
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
