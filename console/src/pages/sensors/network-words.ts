// Details of a network fact, for one line of a table.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";

type Fact = Item<"network">;

/** `Up · physical · 1000 Mbit/s full duplex · MTU 1500`. Absent facts are left out. */
export function networkDetails(fact: Fact): string {
  return detailsOf(fact)
    .filter((text) => text !== undefined && text !== "")
    .join(" · ");
}

function detailsOf(fact: Fact): (string | undefined)[] {
  if (fact.kind === "route")
    return [
      fact.interface === undefined ? "Unreachable" : `Interface ${fact.interface}`,
      fact.metric === undefined ? undefined : `metric ${fact.metric}`,
    ];
  if (fact.kind === "resolver")
    return [
      fact.domain === undefined ? undefined : `Domain ${fact.domain}`,
      fact.search.length > 0 ? `Search ${fact.search.join(", ")}` : undefined,
      fact.source,
    ];
  return [
    fact.up ? "Up" : "Down",
    fact.type,
    linkOf(fact),
    fact.mtu === undefined ? undefined : `MTU ${fact.mtu}`,
    fact.mac,
    fact.driver,
    fact.controller === undefined ? undefined : `in ${fact.controller}`,
    fact.vlan === undefined ? undefined : `VLAN ${fact.vlan}`,
    fact.parent === undefined ? undefined : `on ${fact.parent}`,
  ];
}

function linkOf({ speedMbps, duplex }: Extract<Fact, { kind: "interface" }>): string | undefined {
  if (speedMbps === undefined) return undefined;
  return `${speedMbps} Mbit/s${duplex === undefined ? "" : ` ${duplex} duplex`}`;
}
