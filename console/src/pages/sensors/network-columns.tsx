// The columns of the network category: interfaces, routes and DNS servers in one table.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { networkDetails } from "./network-words.ts";
import { columnMaker, list, mono } from "./text-column.tsx";

type Fact = Item<"network">;

const ofFact = columnMaker<Fact>();
const KINDS: Record<Fact["kind"], string> = { interface: "Interface", route: "Route", resolver: "DNS" };

export const networkColumns: Columns<Fact> = [
  ofFact("Kind", "92px", (one) => KINDS[one.kind]),
  ofFact("Name", "20%", nameOf),
  ofFact("Addresses", "32%", addressesOf, (one) => {
    const text = addressesOf(one);
    return text ? mono(text) : undefined;
  }),
  ofFact("Details", undefined, networkDetails),
];

function nameOf(fact: Fact): string {
  if (fact.kind === "interface") return fact.name;
  if (fact.kind === "resolver") return fact.interface ?? "Whole host";
  return isDefault(fact.destination) ? `Default (${fact.destination})` : fact.destination;
}

function isDefault(destination: string): boolean {
  return destination === "0.0.0.0/0" || destination === "::/0";
}

function addressesOf(fact: Fact): string {
  if (fact.kind === "interface") return list(fact.addresses);
  return fact.kind === "resolver" ? list(fact.servers) : (fact.gateway ?? "");
}
