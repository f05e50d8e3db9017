// The hosts with their updates as rows of CSV.
import type { HostUpdate } from "@attacklens/protocol/update-rings.ts";

const HEADING = [
  ...["hostname", "sensor_id", "version", "ring", "ring_version", "asset_group", "state"],
  ...["update_version", "attempt", "since", "reason", "build", "explanation"],
];

export function hostCsvRows(hosts: readonly HostUpdate[]): string[][] {
  return [
    HEADING,
    ...hosts.map((host) => [
      ...[host.hostname, host.id, host.version, host.ring.name, host.target ?? ""],
      ...[host.assetGroup?.name ?? "", host.state, host.updateVersion ?? "", String(host.attempt ?? "")],
      ...[host.since ?? "", host.reason ?? "", host.build ?? "", host.explanation],
    ]),
  ];
}
