import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { formatCount } from "../../ui/numbers.ts";
import { type Fill, percentOf, type Segment, SegmentedBar } from "../../ui/SegmentedBar.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import classes from "./UpdatesPage.module.css";

interface VersionCount {
  version: string;
  hosts: number;
}

/** Of versions but the newest. More would not be told apart. */
const FILLS: Fill[] = ["solid-accent", "striped-yellow", "striped-gray"];
const OTHERS = "others";

/** The versions across the fleet. A part lists its hosts, and the table has all versions. */
export function VersionsBar({ versions, newest }: { versions: VersionCount[]; newest: string | undefined }) {
  const navigate = useNavigate();
  const details = useRef<HTMLDetailsElement>(null);
  const whole = versions.reduce((sum, { hosts }) => sum + hosts, 0);
  function choose(version: string) {
    if (version !== OTHERS) void navigate(paths.updateHosts({ version }));
    else if (details.current) details.current.open = true;
  }
  return (
    <>
      <SegmentedBar label="Versions" noun="hosts" segments={segmentsOf(versions, newest)} onToggle={choose} />
      <details className={classes.details} ref={details}>
        <summary>Show as table</summary>
        <SmallTable
          label="Versions"
          columns={columnsOf(whole, newest)}
          rows={versions}
          rowId={({ version }) => version}
        />
      </details>
    </>
  );
}

const columnsOf = (whole: number, newest: string | undefined): SmallColumn<VersionCount>[] => [
  {
    label: "Version",
    cell: ({ version }) => (
      <span>
        <TextLink {...paths.updateHosts({ version })}>{version}</TextLink>
        {version === newest && <span className="quiet"> newest release</span>}
      </span>
    ),
  },
  { label: "Hosts", align: "right", cell: ({ hosts }) => formatCount(hosts) },
  { label: "Share", align: "right", cell: ({ hosts }) => percentOf(hosts, whole) },
];

function segmentsOf(versions: readonly VersionCount[], newest: string | undefined): Segment[] {
  const first = versions.filter(({ version }) => version === newest);
  const rest = versions.filter(({ version }) => version !== newest);
  const others = rest.slice(FILLS.length).reduce((sum, { hosts }) => sum + hosts, 0);
  const segmentOf = ({ version, hosts }: VersionCount, fill: Fill): Segment => ({
    ...{ value: version, label: version, count: hosts, fill },
  });
  return [
    ...first.map((one) => segmentOf(one, "solid-green")),
    ...rest.slice(0, FILLS.length).map((one, index) => segmentOf(one, FILLS[index]!)),
    ...(others > 0
      ? [{ value: OTHERS, label: "Other versions", count: others, fill: "hollow-gray" } as const]
      : []),
  ];
}
