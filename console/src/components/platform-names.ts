import type { Sensor } from "@attacklens/protocol/sensors.ts";

export const PLATFORM_NAMES: Record<Sensor["platform"], string> = {
  linux: "Linux",
  windows: "Windows",
  darwin: "macOS",
};
