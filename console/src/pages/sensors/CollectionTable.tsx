import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { formatCount } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status, type StatusColor } from "../../ui/Status.tsx";
import classes from "./CollectionTable.module.css";
import type { CategoryState } from "./SensorTabs.tsx";
import { CATEGORY_NAMES } from "./sensor-words.ts";

const LOOKS: Record<CategoryState["status"], { label: string; color: StatusColor }> = {
  waiting: { label: "Waiting", color: "yellow" },
  collected: { label: "Collected", color: "green" },
  failed: { label: "Failed", color: "red" },
  unsupported: { label: "Unsupported", color: "gray" },
};

export function CollectionTable({ sensorId, inventory }: { sensorId: string; inventory: CategoryState[] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Category</th>
          <th scope="col">Status</th>
          <th scope="col" className={classes.number}>
            Items
          </th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {inventory.map(({ category, status, reason, items, changedAt }) => (
          <tr key={category}>
            <td>
              <TextLink {...paths.sensor(sensorId, category)}>{CATEGORY_NAMES[category]}</TextLink>
            </td>
            <td>
              <Status color={LOOKS[status].color}>{LOOKS[status].label}</Status>
              {reason && <div className={classes.reason}>{reason}</div>}
            </td>
            <td className={classes.number}>{changedAt ? formatCount(items) : "–"}</td>
            <td>{changedAt ? <RelativeTime at={changedAt} /> : "Never"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
