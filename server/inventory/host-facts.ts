// What the system category says about the host, which the list of sensors shows.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { SensorFacts } from "../sensors/sensors.ts";

/** `items`: JSON of each item, which was parsed with its schema before it was stored. */
export function hostFactsOf(items: readonly string[]): SensorFacts {
  const facts: SensorFacts = {};
  for (const json of items) {
    const item = JSON.parse(json) as Item<"system">;
    if (item.kind === "host") facts.hostname = item.hostname;
    if (item.kind === "os")
      Object.assign(facts, { platform: item.platform, osName: item.name, osVersion: item.version });
  }
  return facts;
}
