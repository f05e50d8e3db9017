// Facts about the machine of a sensor, from its inventory.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { apiQuery } from "../../queries.ts";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Section.tsx";
import { machineFacts } from "./machine-facts.ts";

/** The items of a category that decide about a fact are among the first ones. */
const LIMIT = 200;
/** The facet of ports that every address of the host has. */
const OPEN = "reach:every-address";
const SHOWN_PORTS = 12;
/** Of four rows of facts, so that the page below does not move. */
const SKELETON_HEIGHT = 160;

function useItems<C extends Category>(sensorId: string, category: C, where?: string) {
  const params = { id: sensorId, category };
  const query = { limit: LIMIT, ...(where ? { where } : {}) };
  const { data } = useQuery({ ...apiQuery(listSensorInventory, { params, query }), staleTime: 30_000 });
  return data && { items: data.items as Item<C>[], total: data.total };
}

export function MachineFacts({ sensorId }: { sensorId: string }) {
  const system = useItems(sensorId, "system")?.items;
  const network = useItems(sensorId, "network")?.items;
  const security = useItems(sensorId, "security", "area:encryption")?.items;
  const open = useItems(sensorId, "ports", OPEN);
  if (system?.length === 0) return null;
  const isComplete = system && network && security && open;
  return (
    <Section title="Machine" text="From the last report of the sensor.">
      {isComplete ? (
        <Facts
          facts={[
            ...machineFacts({ system, network, security }, new Date()),
            {
              label: "Open to all addresses",
              value: (
                <TextLink {...paths.sensorPorts(sensorId, OPEN)}>{openText(open.items, open.total)}</TextLink>
              ),
            },
          ]}
        />
      ) : (
        <Skeleton height={SKELETON_HEIGHT} />
      )}
    </Section>
  );
}

/** `22, 80 and 3 more`. A port that is open for TCP and UDP, or for IPv4 and IPv6, is listed once. */
function openText(items: readonly Item<"ports">[], total: number): string {
  const ports = [...new Set(items.map(({ port }) => port))];
  if (ports.length === 0) return "No port";
  const more = ports.length - SHOWN_PORTS + (total - items.length);
  return ports.slice(0, SHOWN_PORTS).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
