import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getSensor } from "@attacklens/protocol/sensors.ts";
import { Menu, UnstyledButton } from "@mantine/core";
import { IconAlertCircle, IconChevronDown } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import classes from "../../components/Tabs.module.css";
import { paths } from "../../paths.ts";
import { formatCount } from "../../ui/numbers.ts";
import { useWrapped } from "../../ui/use-wrapped.ts";
import { hasFailed, isMissing } from "./category-words.ts";
import { CATEGORY_NAMES } from "./sensor-words.ts";

export type CategoryState = RouteOutput<typeof getSensor>["inventory"][number];

/** Tabs before the categories. */
const BEFORE = 2;

interface TabsOfSensor {
  sensorId: string;
  inventory: CategoryState[];
}

/**
 * One tab for each category, with its number of items. Tabs are links, so each tab has its own URL. Tabs that
 * do not fit are in a menu. Categories that the host does not have come last.
 */
export function SensorTabs({ sensorId, inventory }: TabsOfSensor) {
  const states = new Map(inventory.map((state) => [state.category, state]));
  const isLast = (category: Category) => isMissing(states.get(category));
  const shown = [...CATEGORIES.filter((category) => !isLast(category)), ...CATEGORIES.filter(isLast)];
  const { row, wrapped } = useWrapped(shown.join());
  const { category: current } = useParams({ strict: false });
  const inMenu = shown.filter((_, index) => wrapped.has(index + BEFORE));
  const currentInMenu = inMenu.find((category) => category === current);
  return (
    <nav aria-label="Inventory" className={classes.bar}>
      <div ref={row} className={classes.row}>
        <Link {...paths.sensor(sensorId)} className={classes.tab} activeOptions={{ includeSearch: false }}>
          Overview
        </Link>
        <Link {...paths.sensorHistory(sensorId)} className={classes.tab}>
          History
        </Link>
        {shown.map((category, index) => (
          <Link
            key={category}
            {...paths.sensor(sensorId, category)}
            className={classes.tab}
            data-wrapped={wrapped.has(index + BEFORE) || undefined}
            data-quiet={isLast(category) || undefined}
            activeOptions={{ includeSearch: false }}
          >
            <TabContent category={category} state={states.get(category)} />
          </Link>
        ))}
      </div>
      <Menu position="bottom-end" portalProps={{ target: "main" }}>
        <Menu.Target>
          <UnstyledButton
            className={classes.tab}
            data-status={currentInMenu ? "active" : undefined}
            data-wrapped={inMenu.length === 0 || undefined}
          >
            {currentInMenu ? CATEGORY_NAMES[currentInMenu] : "More"}
            <IconChevronDown size={14} aria-hidden="true" />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {inMenu.map((category) => (
            <Menu.Item
              key={category}
              {...(isLast(category) ? { c: "dimmed" } : {})}
              renderRoot={(props) => <Link {...paths.sensor(sensorId, category)} {...props} />}
            >
              <span className={classes.entry}>
                <TabContent category={category} state={states.get(category)} />
              </span>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}

function TabContent({ category, state }: { category: Category; state: CategoryState | undefined }) {
  return (
    <>
      {CATEGORY_NAMES[category]}
      {hasFailed(state) && (
        <IconAlertCircle size={14} className={classes.failed} aria-label="Collection failed" />
      )}
      {state?.changedAt && <span className={classes.count}>{formatCount(state.items)}</span>}
    </>
  );
}
