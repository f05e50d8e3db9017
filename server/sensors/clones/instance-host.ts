// The host facts of an instance, as the database stores them.
import { hostFacts } from "@attacklens/protocol/enroll.ts";
import type { InstanceHost } from "./clone-rules.ts";

const partialHost = hostFacts.partial();

export function parseHost(json: string): InstanceHost {
  return partialHost.parse(JSON.parse(json));
}
