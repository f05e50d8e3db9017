import { listGuides } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import type { GuideId } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import { Notice } from "../ui/Notice.tsx";
import { offeredTargets } from "./deploy-facts.ts";
import type { Connection } from "./sensor-commands.ts";

const FILES = {
  program: "program of the sensor",
  deb: ".deb package of the sensor",
  rpm: ".rpm package of the sensor",
  msi: ".msi package of the sensor",
} as const;

const ADD = "attacklens releases add FOLDER";

/** Says what the server lacks for a guide, and how to add it. */
export function OfferedRelease({ connection, guide }: { connection: Connection; guide: GuideId }) {
  const { needs } = listGuides().find(({ id }) => id === guide)!;
  const offered = offeredTargets(connection, needs);
  if (offered === null)
    return (
      <Notice kind="warning">
        This server offers no programs yet, so the commands below fail. On the server’s host, add a release:{" "}
        <code>{ADD}</code>. FOLDER is the folder of a release with its <code>manifest.json</code>.
      </Notice>
    );
  if (offered.length === 0)
    return (
      <Notice kind="warning">
        Release {connection.release?.version} on this server has no {FILES[needs.format]} for{" "}
        {needs.targets.join(" or ")}. On the server’s host, add it: <code>{ADD}</code>.
      </Notice>
    );
  const missing = needs.targets.filter((target) => !offered.includes(target));
  if (missing.length === 0) return null;
  return (
    <Notice kind="info">
      This server offers release {connection.release?.version} for {offered.join(", ")}, and not for{" "}
      {missing.join(", ")}. To add them, run <code>{ADD}</code> on the server’s host.
    </Notice>
  );
}
