import type { StoredRelease } from "@attacklens/protocol/update-rings.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status } from "../../ui/Status.tsx";
import { exactTime } from "../../ui/time.ts";
import classes from "./UpdatesPage.module.css";

export function ReleasesTable({ releases }: { releases: readonly StoredRelease[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
    <section className={classes.scroller} aria-label="Releases" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Counter</th>
            <th scope="col">Created</th>
            <th scope="col">Expires</th>
            <th scope="col" className={classes.wideOnly}>
              Builds
            </th>
          </tr>
        </thead>
        <tbody>
          {releases.map((release) => (
            <tr key={release.version}>
              <td>
                {release.version}
                {!release.isHere && (
                  <div className={classes.dimmed}>Not on this server, but on another of the installation</div>
                )}
              </td>
              <td>{release.counter}</td>
              <td>
                <RelativeTime at={release.created} />
              </td>
              <td>
                <Expiry release={release} />
              </td>
              <td className={classes.wideOnly}>{release.targets.join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Expiry({ release: { expires, isExpired, expiresSoon } }: { release: StoredRelease }) {
  if (isExpired) return <Status color="red">Expired</Status>;
  return (
    <>
      {exactTime(expires)}
      {expiresSoon && (
        <div>
          <Status color="yellow">Expires soon</Status>
        </div>
      )}
    </>
  );
}
