import type { StoredRelease } from "@attacklens/protocol/update-rings.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { Status } from "../../ui/Status.tsx";
import { exactTime } from "../../ui/time.ts";

const COLUMNS: readonly SmallColumn<StoredRelease>[] = [
  {
    label: "Version",
    cell: ({ version, isHere }) => (
      <div>
        {version}
        {!isHere && <div className="quiet">Not on this server, but on another of the installation</div>}
      </div>
    ),
  },
  { label: "Counter", cell: ({ counter }) => counter },
  { label: "Created", cell: ({ created }) => <RelativeTime at={created} /> },
  { label: "Expires", cell: (release) => <Expiry release={release} /> },
  { label: "Builds", width: "34%", cell: ({ targets }) => targets.join(", ") },
];

export function ReleasesTable({ releases }: { releases: readonly StoredRelease[] }) {
  return <SmallTable label="Releases" columns={COLUMNS} rows={releases} rowId={({ version }) => version} />;
}

function Expiry({ release: { expires, isExpired, expiresSoon } }: { release: StoredRelease }) {
  if (isExpired) return <Status color="red">Expired</Status>;
  return (
    <div>
      {exactTime(expires)}
      {expiresSoon && (
        <div>
          <Status color="yellow">Expires soon</Status>
        </div>
      )}
    </div>
  );
}
