// Rings, releases and hosts in a terminal. Pure.
import {
  describeRingSetting,
  RING_SETTING_NAMES,
  RING_SETTINGS,
} from "@attacklens/protocol/ring-settings.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getUpdates, HostUpdate, UpdateRing } from "@attacklens/protocol/update-rings.ts";
import { table } from "./text-table.ts";

type Updates = RouteOutput<typeof getUpdates>;

export function statusText({ releases, versions, rings }: Updates): string {
  const stored = releases.map(({ version, counter, expires, isExpired, isHere }) => [
    ...[version, String(counter), isExpired ? `${expires} (expired)` : expires],
    isHere ? "yes" : "no",
  ]);
  const sections = [
    releases.length > 0
      ? table([["RELEASE", "COUNTER", "EXPIRES", "ON THIS SERVER"], ...stored])
      : "No release is stored. Add one on the server's host: attacklens releases add FOLDER",
    versions.length > 0 &&
      table([["VERSION", "HOSTS"], ...versions.map(({ version, hosts }) => [version, String(hosts)])]),
    ringTable(rings),
  ];
  return sections.filter(Boolean).join("\n\n");
}

export function ringTable(rings: readonly UpdateRing[]): string {
  const rows = rings.map(({ name, target, state, hosts, explanation }) => [
    ...[name, target ?? "-", state, `${hosts.updated} of ${hosts.hosts}`, explanation],
  ]);
  return table([["RING", "VERSION", "STATE", "UPDATED", "EXPLANATION"], ...rows]);
}

export function ringFacts(ring: UpdateRing): string {
  const { hosts } = ring;
  const facts: (readonly [string, string | null])[] = [
    ["Name", ring.name],
    ["ID", ring.id],
    ["State", ring.state],
    ["Explanation", ring.explanation],
    ["Version", ring.target],
    [
      "Asset groups",
      ring.isLast
        ? "all that are in no other ring"
        : ring.assetGroups.map(({ name }) => name).join(", ") || "none",
    ],
    [
      "Hosts",
      `${hosts.hosts}: ${hosts.updated} updated, ${hosts.updating} updating, ${hosts.failed} failed, ${hosts.waiting} waiting, ${hosts.external + hosts.unable} without an update`,
    ],
    ["Attempt", String(ring.attempt)],
    ["Opens", ring.opensAt],
    ["Stopped", ring.stoppedAt],
    ["Paused", ring.pausedAt && `${ring.pausedAt} by ${ring.pausedBy ?? "a deleted user"}`],
    ...RING_SETTING_NAMES.map(
      (name) => [RING_SETTINGS[name].label, describeRingSetting(name, ring[name])] as const,
    ),
  ];
  return table(facts.flatMap(([name, value]) => (value ? [[`${name}:`, value]] : [])));
}

export function hostTable(hosts: readonly HostUpdate[]): string {
  const rows = hosts.map(({ hostname, version, ring, state, reason, explanation, id }) => [
    ...[hostname, version, ring.name, state, reason ?? explanation, id],
  ]);
  return table([["HOSTNAME", "VERSION", "RING", "STATE", "REASON", "ID"], ...rows]);
}
