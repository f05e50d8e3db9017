import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { Status } from "../../ui/Status.tsx";
import { durationOf, gapCountOf, itemCountOf, RESULT_LOOKS } from "./category-words.ts";
import type { CategoryState } from "./SensorTabs.tsx";
import { CATEGORY_NAMES } from "./sensor-words.ts";

const columnsOf = (sensorId: string): SmallColumn<CategoryState>[] => [
  {
    label: "Category",
    width: "24%",
    cell: ({ category }) => (
      <TextLink {...paths.sensor(sensorId, category)}>{CATEGORY_NAMES[category]}</TextLink>
    ),
  },
  { label: "Status", cell: (state) => <Result state={state} /> },
  {
    label: "Items",
    width: "120px",
    align: "right",
    cell: (state) => (state.changedAt ? itemCountOf(state) : "–"),
  },
  { label: "Took", width: "100px", align: "right", cell: durationOf },
  {
    label: "Changed",
    width: "140px",
    cell: ({ changedAt }) => (changedAt ? <RelativeTime at={changedAt} /> : "Never"),
  },
];

function Result({ state: { status, reason, gaps } }: { state: CategoryState }) {
  return (
    <div>
      <Status color={RESULT_LOOKS[status].color}>{RESULT_LOOKS[status].label}</Status>
      {reason && <div className="quiet">{reason}</div>}
      {status === "collected" && gaps && <div className="quiet">{gapCountOf(gaps)}: may be incomplete</div>}
    </div>
  );
}

export function CollectionTable({ sensorId, inventory }: { sensorId: string; inventory: CategoryState[] }) {
  return (
    <SmallTable
      label="Collections"
      columns={columnsOf(sensorId)}
      rows={inventory}
      rowId={({ category }) => category}
    />
  );
}
