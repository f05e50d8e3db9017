// Parses the body of an enrollment in the form that our sensor sends, at a tenth of the cost of its schema,
// which parses every other body. Thousands of hosts enroll at the same time.

import type { enroll } from "./enroll.ts";
import { isPlainText } from "./plain-text.ts";
import { isPublicKey } from "./public-key.ts";
import type { RouteInput } from "./route.ts";
import { SENSOR_PROTOCOL_VERSIONS } from "./version.ts";

/** The longest facts of a host, in UTF-16 units. */
export const FACT_LENGTHS = {
  sensorVersion: 40,
  hostname: 253,
  osName: 200,
  osVersion: 200,
  machineId: 100,
  productUuid: 100,
  serialNumber: 200,
  cloudInstanceId: 200,
  mac: 60,
  address: 60,
} as const;
export const MAX_MACS = 64;
export const MAX_ADDRESSES = 256;
export const PLATFORMS = ["linux", "windows", "darwin"] as const;
export const ARCHITECTURES = ["amd64", "arm64"] as const;

type EnrollBody = RouteInput<typeof enroll>["body"];
type Members = Record<string, unknown>;

/** Returns what the schema returns, or undefined for a body in another form, valid or not. */
export function parseUsualEnroll(body: unknown): EnrollBody | undefined {
  if (!isObject(body) || countMembers(body) !== 4) return undefined;
  const { publicKey, protocolVersion, sensorVersion, host } = body;
  if (typeof publicKey !== "string" || !isPublicKey(publicKey)) return undefined;
  if (!(SENSOR_PROTOCOL_VERSIONS as readonly unknown[]).includes(protocolVersion)) return undefined;
  if (!isFact(sensorVersion, FACT_LENGTHS.sensorVersion) || sensorVersion === "") return undefined;
  if (!isObject(host) || !isUsualHost(host)) return undefined;
  const { macs = [], addresses = [] } = host;
  return { ...body, host: { ...host, macs, addresses } } as EnrollBody;
}

function isUsualHost(host: Members): boolean {
  const { hostname, osName, osVersion, platform, architecture } = host;
  if (hostname === undefined || hostname === "" || osName === undefined || osVersion === undefined)
    return false;
  if (platform === undefined || architecture === undefined) return false;
  for (const name in host) if (!isUsualFact(name, host[name])) return false;
  return true;
}

function isUsualFact(name: string, value: unknown): boolean {
  switch (name) {
    case "hostname":
    case "osName":
    case "osVersion":
    case "machineId":
    case "productUuid":
    case "serialNumber":
    case "cloudInstanceId":
      return isFact(value, FACT_LENGTHS[name]);
    case "platform":
      return (PLATFORMS as readonly unknown[]).includes(value);
    case "architecture":
      return (ARCHITECTURES as readonly unknown[]).includes(value);
    case "macs":
      return isList(value, MAX_MACS, FACT_LENGTHS.mac);
    case "addresses":
      return isList(value, MAX_ADDRESSES, FACT_LENGTHS.address);
    default:
      return false;
  }
}

function isList(value: unknown, maxItems: number, maxLength: number): boolean {
  return Array.isArray(value) && value.length <= maxItems && value.every((item) => isFact(item, maxLength));
}

function isFact(value: unknown, maxLength: number): boolean {
  return typeof value === "string" && value.length <= maxLength && isPlainText(value);
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function countMembers(members: Members): number {
  let count = 0;
  for (const _ in members) count++;
  return count;
}
