// The commands that an operator pastes on a host that has the sensor. The deploy guides have those for new
// hosts.
import type { getConnection } from "@attacklens/protocol/connection.ts";
import { askingFor, type Shell, sensorCommand } from "@attacklens/protocol/deploy-guides/sensor-command.ts";
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

/** Gives a host that has the sensor a re-enrollment ticket. */
export function enrollCommand(target: Target, platform: Platform): string {
  const shell = shellOf(platform);
  const command = sensorCommand(target, { shell, program: PROGRAMS[shell], words: "enroll --token -" });
  return askingFor("Re-enrollment ticket", shell, command);
}

/** The preflight check. It checks only the connection, because a ticket cannot be checked. */
export function checkCommand(target: Target, platform: Platform): string {
  const shell = shellOf(platform);
  return sensorCommand(target, { shell, program: PROGRAMS[shell], words: "check" });
}

const PROGRAMS: Record<Shell, string> = {
  posix: "sudo attacklens-sensor",
  powershell: "attacklens-sensor.exe",
};

function shellOf(platform: Platform): Shell {
  return platform === "windows" ? "powershell" : "posix";
}
