// The commands for a sensor, as a person pastes them. The token is not in them: neither the shell's history nor the list of
// processes gets to see it.
import type { getConnection } from "@attacklens/protocol/connection.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";

export const PLATFORMS = [
  { value: "linux", label: "Linux" },
  { value: "darwin", label: "macOS" },
  { value: "windows", label: "Windows" },
] as const satisfies { value: Sensor["platform"]; label: string }[];
export type Platform = (typeof PLATFORMS)[number]["value"];

export type Connection = RouteOutput<typeof getConnection>;

/** Where a sensor finds its server, and how it knows it. */
export interface Target {
  server: string;
  /** Null: the machine's own trust store decides. */
  caPin: string | null;
  /** `refused`: sensors take no plain HTTP over a network. `near`: only the server's own machine gets there. */
  reach: "network" | "near" | "refused";
}

/** `origin`: what the console is reached by. */
export function targetOf({ sensorUrl, caPin }: Connection, origin: string): Target {
  const { origin: server, protocol, hostname } = new URL(sensorUrl ?? origin);
  const isNear = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);
  const isPlain = protocol === "http:";
  return {
    server,
    caPin: isPlain ? null : caPin,
    reach: isNear ? "near" : isPlain ? "refused" : "network",
  };
}

/** `secret`: what the prompt asks for. */
export function enrollCommand(target: Target, platform: Platform, secret: string): string {
  return askingFor(secret, platform, sensorCommand("enroll --token -", target, platform));
}

/** What to try first on one machine. Without a secret only the way to the server is looked at: a ticket cannot be checked. */
export function checkCommand(target: Target, platform: Platform, secret: string | undefined): string {
  if (secret === undefined) return sensorCommand("check", target, platform);
  return askingFor(secret, platform, sensorCommand("check --token -", target, platform));
}

/** A flag a line: a pin that is broken in its middle cannot be compared by eye. */
function sensorCommand(words: string, { server, caPin }: Target, platform: Platform): string {
  // An IPv6 address has brackets, which zsh takes for a pattern.
  const address = /^[\w:/.-]+$/.test(server) ? server : `'${server}'`;
  const flags = [`--server ${address}`, ...(caPin ? [`--ca-pin ${caPin}`] : [])];
  const program = platform === "windows" ? "attacklens-sensor.exe" : "sudo attacklens-sensor";
  return [`${program} ${words}`, ...flags].join(platform === "windows" ? " `\n  " : " \\\n  ");
}

/**
 * Asks for the secret unseen and pipes it to the command: for bash and zsh, or for PowerShell as an administrator. The
 * parentheses make it one command, so that it can be pasted whole, and forget the secret when it ends.
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
