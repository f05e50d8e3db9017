// The schema of the wire protocol's version, in enrollment and in check-ins.
import { z } from "zod";
import { SENSOR_PROTOCOL_VERSION, SENSOR_PROTOCOL_VERSIONS } from "./version.ts";

/** The versions that this release's server accepts. */
export const protocolVersion = z.literal(SENSOR_PROTOCOL_VERSIONS).meta({ example: SENSOR_PROTOCOL_VERSION });
