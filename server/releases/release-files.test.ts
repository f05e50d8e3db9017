import { expect, test } from "bun:test";
import { classifyFile } from "./release-files.ts";

test.each([
  ["attacklens-sensor-linux-x64", "sensor linux-x64 program"],
  ["attacklens-sensor-linux-arm64-musl", "sensor linux-arm64-musl program"],
  ["attacklens-sensor-windows-x64.exe", "sensor windows-x64 program"],
  ["attacklens-sensor-darwin-arm64", "sensor darwin-arm64 program"],
  ["attacklens-linux-x64", "server linux-x64 program"],
  ["attacklens-windows-x64.exe", "server windows-x64 program"],
  ["attacklens-sensor_2026.11.0_amd64.deb", "sensor linux-x64 deb"],
  ["attacklens_2026.11.0_arm64.deb", "server linux-arm64 deb"],
  ["attacklens-sensor-2026.11.0-1.x86_64.rpm", "sensor linux-x64 rpm"],
  ["attacklens-2026.11.0-1.aarch64.rpm", "server linux-arm64 rpm"],
  ["attacklens-sensor-2026.11.0-x64.msi", "sensor windows-x64 msi"],
])("%s is %s", (name, kind) => {
  const { program, target, format } = classifyFile(name)!;
  expect(`${program} ${target} ${format}`).toBe(kind);
});

test.each([
  "attacklens",
  "attacklens-sensor",
  "attacklens-sensor-windows-x64",
  "attacklens-sensor-linux-x64.exe",
  "attacklens-sensor-linux-riscv64",
  "other-linux-x64",
  "manifest.json",
  "SHA256SUMS",
  "attacklens-sensor_2026.11.0_all.deb",
  "attacklens-sensor-linux-x64.sig",
])("%s is no file of a release", (name) => {
  expect(classifyFile(name)).toBeUndefined();
});
