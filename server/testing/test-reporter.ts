// An enrolled sensor for tests of check-ins and uploads.
import { createHash } from "node:crypto";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { makeTestSensor, type SignOptions } from "./test-sensor.ts";
import type { World } from "./test-world.ts";

export const CHECK_IN = "/sensor/v1/check-in";
export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
export const HELLO = { protocolVersion: 1, sensorVersion: "2026.11.0" };

/** Enrolls a sensor that can send any request. */
export async function enrollReporter(world: World, cookie: string, hostname = "web-01") {
  const body = { name: crypto.randomUUID(), scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const init = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(hostname), world.clock.ms, {
    token: value,
  });
  const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", init)).json()) as { sensorId: string };
  return {
    id: sensorId,
    async send(method: string, path: string, content: unknown, options: SignOptions = {}) {
      const request = sensor.request(method, path, content, world.clock.ms, { keyid: sensorId, ...options });
      const response = await world.fetch(path, request);
      const text = await response.text();
      return {
        status: response.status,
        body: text ? (JSON.parse(text) as ProblemBody & Record<string, unknown>) : undefined,
      };
    },
    status: async () => (await world.call(sensors.getSensor, cookie, { params: { id: sensorId } })).status,
  };
}

export const PACKAGES = [
  {
    key: "dpkg:bash:amd64",
    manager: "dpkg",
    name: "bash",
    version: "5.2",
    architecture: "amd64",
    purl: "pkg:deb/debian/bash@5.2",
  },
  {
    key: "dpkg:zlib:amd64",
    manager: "dpkg",
    name: "zlib",
    version: "1.2",
    architecture: "amd64",
    purl: "pkg:deb/debian/zlib@1.2",
  },
];
