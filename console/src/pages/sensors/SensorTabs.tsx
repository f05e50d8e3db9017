import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getSensor } from "@attacklens/protocol/sensors.ts";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import classes from "../../components/Tabs.module.css";
import { paths } from "../../paths.ts";
import { formatCount } from "../../ui/numbers.ts";
import { CATEGORY_NAMES } from "./sensor-words.ts";

export type CategoryState = RouteOutput<typeof getSensor>["inventory"][number];

/** One tab for each category, with its number of items. Tabs are links, so each tab has its own URL. */
export function SensorTabs({ sensorId, inventory }: { sensorId: string; inventory: CategoryState[] }) {
  return (
    <nav aria-label="Inventory" className={classes.tabs}>
      <Link {...paths.sensor(sensorId)} className={classes.tab} activeOptions={{ includeSearch: false }}>
        Overview
      </Link>
      {CATEGORIES.map((category) => {
        const state = inventory.find((one) => one.category === category);
        return (
          <Link
            key={category}
            {...paths.sensor(sensorId, category)}
            className={classes.tab}
            activeOptions={{ includeSearch: false }}
          >
            {CATEGORY_NAMES[category]}
            {state?.status === "failed" && (
              <IconAlertTriangle size={14} className={classes.failed} aria-label="Collection failed" />
            )}
            {state?.changedAt && <span className={classes.count}>{formatCount(state.items)}</span>}
          </Link>
        );
      })}
    </nav>
  );
}
