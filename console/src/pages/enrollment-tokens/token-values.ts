// The values of the token form, and the request that they become.
import type {
  createEnrollmentToken,
  EnrollmentToken,
  updateEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import type { LostSensorRule } from "@attacklens/protocol/lost-sensors.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import {
  type ClonedHostsRule,
  MAX_ENROLLMENTS,
  type ReimagedHostsRule,
} from "@attacklens/protocol/token-settings.ts";
import { countOf } from "../../ui/numbers.ts";
import { daysFrom, fromWallClock, toWallClock } from "./expiry.ts";

export type TokenRequest = RouteRequest<typeof createEnrollmentToken>["body"];
export type TokenChange = RouteRequest<typeof updateEnrollmentToken>["body"];

export type UseLimit = "one" | "number" | "unlimited";

export interface TokenValues {
  useLimit: UseLimit;
  /** For a limited number of hosts: how many are expected, and how many uses are spare. */
  expected: number | string;
  spare: number | string;
  name: string;
  description: string;
  scope: "all-assets" | "asset-group";
  assetGroupId: string | null;
  expiry: "none" | "date";
  /** Wall-clock text in the time zone of the browser. */
  expiresAt: string | null;
  allowedNetworks: string[];
  allowedHostnames: string[];
  tags: string[];
  requireApproval: boolean;
  clonedHosts: ClonedHostsRule;
  reimagedHosts: ReimagedHostsRule;
  reEnrollLost: LostSensorRule;
  ephemeral: boolean;
  ephemeralHours: number | string;
}

/** The proposed lifetime of a token, in days. */
export const PROPOSED_DAYS: Record<UseLimit, number> = { one: 1, number: 7, unlimited: 7 };

/** A tenth, at least one: each re-imaged host takes one more use. */
export function proposedSpare(expected: number | string): number {
  return Math.max(1, Math.ceil(Number(expected) / 10));
}

export function newTokenValues(now: Date): TokenValues {
  return {
    useLimit: "unlimited",
    expected: 10,
    spare: proposedSpare(10),
    name: "",
    description: "",
    scope: "all-assets",
    assetGroupId: null,
    expiry: "date",
    expiresAt: toWallClock(daysFrom(now, PROPOSED_DAYS.unlimited)),
    allowedNetworks: [],
    allowedHostnames: [],
    tags: [],
    requireApproval: false,
    clonedHosts: "approval",
    reimagedHosts: "ask",
    reEnrollLost: "new-pin",
    ephemeral: false,
    ephemeralHours: 24,
  };
}

export function valuesOf(token: EnrollmentToken, now: Date): TokenValues {
  const { maxEnrollments, expiresAt, ephemeralHours } = token;
  const limit = maxEnrollments === 1 ? "one" : "number";
  return {
    ...newTokenValues(now),
    useLimit: maxEnrollments === null ? "unlimited" : limit,
    expected: maxEnrollments ?? Math.max(10, token.enrolledSensors),
    spare: 0,
    name: token.name,
    description: token.description,
    expiry: expiresAt === null ? "none" : "date",
    expiresAt: expiresAt === null ? null : toWallClock(new Date(expiresAt)),
    allowedNetworks: token.allowedNetworks,
    allowedHostnames: token.allowedHostnames,
    tags: token.tags,
    requireApproval: token.requireApproval,
    clonedHosts: token.clonedHosts,
    reimagedHosts: token.reimagedHosts,
    reEnrollLost: token.reEnrollLost,
    ephemeral: ephemeralHours !== null,
    ephemeralHours: ephemeralHours ?? 24,
  };
}

/** Returns null for any number, and NaN when a field is empty. */
export function usesOf({ useLimit, expected, spare }: TokenValues): number | null {
  if (useLimit === "unlimited") return null;
  if (useLimit === "one") return 1;
  return expected === "" ? Number.NaN : Number(expected) + Number(spare);
}

function settingsOf(values: TokenValues) {
  const { expiry, expiresAt, ephemeral } = values;
  return {
    name: values.name.trim(),
    description: values.description.trim(),
    maxEnrollments: usesOf(values),
    expiresAt: expiry === "date" ? (fromWallClock(expiresAt)?.toISOString() ?? null) : null,
    allowedNetworks: values.allowedNetworks,
    allowedHostnames: values.allowedHostnames,
    tags: values.tags,
    requireApproval: values.requireApproval,
    clonedHosts: values.clonedHosts,
    reimagedHosts: values.reimagedHosts,
    reEnrollLost: values.reEnrollLost,
    ephemeralHours: ephemeral ? Number(values.ephemeralHours) : null,
  };
}

export function toRequest(values: TokenValues): TokenRequest {
  const { scope, assetGroupId } = values;
  return {
    ...settingsOf(values),
    scope:
      scope === "asset-group"
        ? { type: "asset-group", assetGroupId: assetGroupId as string }
        : { type: "all-assets" },
  };
}

/** Only the settings that differ. */
export function changesBetween(before: TokenValues, after: TokenValues): TokenChange {
  const old: Record<string, unknown> = settingsOf(before);
  const entries = Object.entries(settingsOf(after));
  return Object.fromEntries(
    entries.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name])),
  );
}

/** The changes that a refused attempt offers, in the search of the edit dialog's URL. */
export type Proposal = {
  addNetwork?: string;
  addHostname?: string;
  moreUses?: string;
  extendDays?: string;
};

export function readProposal(search: Record<string, unknown>): Proposal {
  const names = ["addNetwork", "addHostname", "moreUses", "extendDays"] as const;
  const given = names.filter((name) => typeof search[name] === "string" && search[name].length <= 253);
  const isCount = (text: unknown) => /^[1-9]\d{0,3}$/.test(String(text));
  const valid = given.filter((name) => name.startsWith("add") || isCount(search[name]));
  return Object.fromEntries(valid.map((name) => [name, search[name] as string]));
}

/** The values with the suggested changes, and the changes in words. */
export function withProposal(
  values: TokenValues,
  { addNetwork, addHostname, moreUses, extendDays }: Proposal,
  now: Date,
): { values: TokenValues; words: string[] } {
  const proposed = { ...values };
  const words: string[] = [];
  if (addNetwork && !values.allowedNetworks.includes(addNetwork)) {
    proposed.allowedNetworks = [...values.allowedNetworks, addNetwork];
    words.push(`allow ${addNetwork}`);
  }
  if (addHostname && !values.allowedHostnames.includes(addHostname)) {
    proposed.allowedHostnames = [...values.allowedHostnames, addHostname];
    words.push(`allow the hostname ${addHostname}`);
  }
  if (moreUses && values.useLimit !== "unlimited") {
    proposed.expected = Number(usesOf(values)) + Number(moreUses);
    proposed.useLimit = "number";
    words.push(countOf(Number(moreUses), "more use"));
  }
  if (extendDays && values.expiry === "date") {
    const from = Math.max(now.getTime(), fromWallClock(values.expiresAt)?.getTime() ?? 0);
    proposed.expiresAt = toWallClock(daysFrom(new Date(from), Number(extendDays)));
    words.push(countOf(Number(extendDays), "more day"));
  }
  return { values: proposed, words };
}
