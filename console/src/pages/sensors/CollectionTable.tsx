import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status } from "../../ui/Status.tsx";
import classes from "./CollectionTable.module.css";
import { durationOf, gapCountOf, itemCountOf, RESULT_LOOKS } from "./category-words.ts";
import type { CategoryState } from "./SensorTabs.tsx";
import { CATEGORY_NAMES } from "./sensor-words.ts";

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
          <th scope="col" className={classes.number}>
            Took
          </th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {inventory.map((state) => {
          const { category, status, reason, gaps, changedAt } = state;
          return (
            <tr key={category}>
              <td>
                <TextLink {...paths.sensor(sensorId, category)}>{CATEGORY_NAMES[category]}</TextLink>
              </td>
              <td>
                <Status color={RESULT_LOOKS[status].color}>{RESULT_LOOKS[status].label}</Status>
                {reason && <div className={classes.reason}>{reason}</div>}
                {status === "collected" && gaps && (
                  <div className={classes.reason}>{gapCountOf(gaps)}: may be incomplete</div>
                )}
              </td>
              <td className={classes.number}>{changedAt ? itemCountOf(state) : "–"}</td>
              <td className={classes.number}>{durationOf(state)}</td>
              <td>{changedAt ? <RelativeTime at={changedAt} /> : "Never"}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
