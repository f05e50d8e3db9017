// The values of the token form, and the request that they become.
import type {
  createEnrollmentToken,
  EnrollmentToken,
  updateEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import {
  DEFAULT_TOKEN_SETTINGS,
  mapTokenSettings,
  pickTokenSettings,
  TOKEN_SETTING_NAMES,
  type TokenSettings,
} from "@attacklens/protocol/token-settings.ts";
import type { Proposal } from "../../components/refusal-fix.ts";
import { countOf } from "../../ui/numbers.ts";
import { daysFrom, fromWallClock, toWallClock } from "./expiry.ts";

export type TokenRequest = RouteRequest<typeof createEnrollmentToken>["body"];
export type TokenChange = RouteRequest<typeof updateEnrollmentToken>["body"];

export type UseLimit = "one" | "number" | "unlimited";

/** The settings with a field each. `useLimit`, `expected`, and `spare` represent `maxEnrollments`. */
export const FORM_SETTING_NAMES = TOKEN_SETTING_NAMES.filter((name) => name !== "maxEnrollments");
export type FormSettingName = (typeof FORM_SETTING_NAMES)[number];

/** A number is text while the user edits it. */
type FormSettings = {
  [N in FormSettingName]: TokenSettings[N] extends number | null ? number | string | null : TokenSettings[N];
};

export interface TokenValues extends FormSettings {
  useLimit: UseLimit;
  /** For a limited number of hosts: how many are expected, and how many uses are spare. */
  expected: number | string;
  spare: number | string;
  name: string;
  description: string;
  scope: "all-assets" | "asset-group";
  /** The chosen or typed name of the asset group. */
  assetGroupName: string;
  expiry: "none" | "date";
  /** Wall-clock text in the time zone of the browser. */
  expiresAt: string | null;
}

/** The proposed lifetime of a token, in days. */
export const PROPOSED_DAYS: Record<UseLimit, number> = { one: 1, number: 7, unlimited: 7 };

/** A tenth, at least one: each re-imaged host needs one more use. */
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
    assetGroupName: "",
    expiry: "date",
    expiresAt: toWallClock(daysFrom(now, PROPOSED_DAYS.unlimited)),
    ...formSettings(DEFAULT_TOKEN_SETTINGS),
  };
}

export function valuesOf(token: EnrollmentToken, now: Date): TokenValues {
  const { maxEnrollments, expiresAt } = token;
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
    ...formSettings(token),
  };
}

function formSettings(settings: TokenSettings): FormSettings {
  const { maxEnrollments: _, ...others } = pickTokenSettings(settings);
  return others;
}

/** Whether a field that the form hides at first has a value. */
export function hasMoreOptions(values: TokenValues): boolean {
  return (
    values.description !== "" ||
    FORM_SETTING_NAMES.some(
      (name) => JSON.stringify(values[name]) !== JSON.stringify(DEFAULT_TOKEN_SETTINGS[name]),
    )
  );
}

/** Returns null for any number, and NaN when a field is empty. */
export function usesOf({ useLimit, expected, spare }: TokenValues): number | null {
  if (useLimit === "unlimited") return null;
  if (useLimit === "one") return 1;
  return expected === "" ? Number.NaN : Number(expected) + Number(spare);
}

function settingsOf(values: TokenValues) {
  const { expiry, expiresAt } = values;
  const settings = mapTokenSettings<TokenSettings>((name, { kind }) => {
    if (name === "maxEnrollments") return usesOf(values);
    return kind === "count" && values[name] !== null ? Number(values[name]) : values[name];
  });
  return {
    ...settings,
    name: values.name.trim(),
    description: values.description.trim(),
    expiresAt: expiry === "date" ? (fromWallClock(expiresAt)?.toISOString() ?? null) : null,
  };
}

export function toRequest(values: TokenValues): TokenRequest {
  const { scope, assetGroupName } = values;
  return {
    ...settingsOf(values),
    scope:
      scope === "asset-group"
        ? { type: "asset-group", assetGroupName: assetGroupName.trim() }
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

export function readProposal(search: Record<string, unknown>): Proposal {
  const names = ["addNetwork", "addHostname", "moreUses", "extendDays"] as const;
  const given = names.filter((name) => typeof search[name] === "string" && search[name].length <= 253);
  const isCount = (text: unknown) => /^[1-9]\d{0,3}$/.test(String(text));
  const valid = given.filter((name) => name.startsWith("add") || isCount(search[name]));
  return Object.fromEntries(valid.map((name) => [name, search[name] as string]));
}

/** The values with the suggested changes, and the changes as text. */
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
