// The settings of an enrollment token, one row each. The bodies of the API, the columns of the database, the
// flags and help of the CLI, the form and overview of the console, and audit events are derived from them.
import { z } from "zod";
import { countOf } from "./count-of.ts";
import { LOST_SENSOR_RULES, type LostSensorRule } from "./lost-sensors.ts";
import { isPlainText } from "./plain-text.ts";

/** The highest limit of a token. */
export const MAX_ENROLLMENTS = 1_000_000;

/** A year. */
const MAX_EPHEMERAL_HOURS = 8_760;

export const CLONED_HOSTS_RULES = ["allow", "approval", "reject"] as const;
export type ClonedHostsRule = (typeof CLONED_HOSTS_RULES)[number];

export const REIMAGED_HOSTS_RULES = ["ask", "merge", "keep"] as const;
export type ReimagedHostsRule = (typeof REIMAGED_HOSTS_RULES)[number];

interface Common<Value> {
  /** The name in the console and the CLI. */
  label: string;
  /** A phrase without a period, for the API reference, the console's form, and the CLI's help. */
  help: string;
  /** The flag of the CLI, without the dashes. */
  flag: string;
  schema: z.ZodDefault<z.ZodType<Value>>;
}

/** A whole number, or null. Its column is an integer. */
interface CountSetting extends Common<number | null> {
  kind: "count";
  max: number;
  /** What null means. */
  empty: string;
  /** The label of the number in a form. */
  unit: string;
  /** The number that a form suggests. */
  suggested: number;
  /** Formats the number as text. */
  describe: (count: number) => string;
}

/** Texts. Its column is a JSON array, and its flag can be repeated. */
interface ListSetting extends Common<string[]> {
  kind: "list";
  /** What an empty list means, unless that is obvious. */
  empty?: string;
  /** The name of an item in the CLI's help. */
  item: string;
  example: readonly [string, ...string[]];
  maxItems: number;
  /** A space does not separate items. */
  hasSpaces?: true;
}

/** True or false. Its column is 1 or 0. */
interface SwitchSetting extends Common<boolean> {
  kind: "switch";
}

/** One of several rules. Its column is the rule's text. */
interface ChoiceSetting extends Common<string> {
  kind: "choice";
  /** The label of each rule. */
  choices: Readonly<Record<string, string>>;
}

export type TokenSetting = CountSetting | ListSetting | SwitchSetting | ChoiceSetting;

const wholeNumber = (max: number) =>
  z.int("must be a whole number").min(1, "must be at least 1").max(max, `must be at most ${max}`);

const hostnamePattern = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(253, "must have at most 253 characters")
  .refine((text) => /^[\p{L}\p{N}._*?-]+$/u.test(text), "may hold letters, digits, . - _ * and ?")
  .transform((text) => text.toLowerCase());

const tag = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(50, "must have at most 50 characters")
  .refine(isPlainText, "must not contain control or bidirectional characters");

/** In the order in which the console and the CLI show them. */
export const TOKEN_SETTINGS = {
  maxEnrollments: {
    kind: "count",
    label: "Enrollment limit",
    help: "How many sensors can enroll with the token",
    max: MAX_ENROLLMENTS,
    empty: "no limit",
    unit: "Enrollments",
    suggested: 10,
    describe: (count) => counted(count, "enrollment"),
    flag: "max-enrollments",
    schema: wholeNumber(MAX_ENROLLMENTS).nullable().default(null),
  },
  allowedNetworks: {
    kind: "list",
    label: "Allowed networks",
    help: "IP addresses or CIDR ranges",
    empty: "any address",
    item: "CIDR",
    example: ["10.1.0.0/16", "2001:db8::/32"],
    maxItems: 100,
    flag: "network",
    schema: z.array(z.string().trim().min(1).max(50)).max(100, "must be at most 100 networks").default([]),
  },
  allowedHostnames: {
    kind: "list",
    label: "Allowed hostnames",
    help: "Patterns with * and ?. A host reports its own name, so this is not proof of identity",
    empty: "any hostname",
    item: "PATTERN",
    example: ["web-*"],
    maxItems: 100,
    flag: "hostname",
    schema: z.array(hostnamePattern).max(100, "must be at most 100 patterns").default([]),
  },
  tags: {
    kind: "list",
    label: "Tags",
    help: "Added to the assets of the sensors that enroll with the token",
    item: "TAG",
    example: ["pci"],
    maxItems: 20,
    hasSpaces: true,
    flag: "tag",
    schema: z.array(tag).max(20, "must be at most 20 tags").default([]),
  },
  requireApproval: {
    kind: "switch",
    label: "Require approval",
    help: "A sensor starts to report after a user compares its fingerprint and approves it",
    flag: "require-approval",
    schema: z.boolean().default(false),
  },
  clonedHosts: {
    kind: "choice",
    label: "Cloned hosts",
    help: "A cloned host runs with the key of another sensor, for example because its disk was copied. If it is allowed, it becomes a separate sensor",
    choices: {
      allow: "Allow",
      approval: "Require approval",
      reject: "Reject",
    } satisfies Record<ClonedHostsRule, string>,
    flag: "cloned-hosts",
    schema: z.enum(CLONED_HOSTS_RULES).default("approval"),
  },
  reimagedHosts: {
    kind: "choice",
    label: "Re-imaged hosts",
    help: "A re-imaged host enrolls as a new sensor. Merging gives it the history and the asset of its previous sensor",
    choices: {
      ask: "Ask before merging",
      merge: "Merge automatically if no hardware fact differs",
      keep: "Never merge",
    } satisfies Record<ReimagedHostsRule, string>,
    flag: "reimaged-hosts",
    schema: z.enum(REIMAGED_HOSTS_RULES).default("ask"),
  },
  reEnrollLost: {
    kind: "choice",
    label: "Re-enroll lost sensors",
    help: "The server no longer has a record of a lost sensor. This controls when the enroll command registers its host as a new sensor, which takes one more use",
    choices: {
      "new-pin": "Only with a new CA pin",
      always: "Always",
      never: "Never",
    } satisfies Record<LostSensorRule, string>,
    flag: "re-enroll-lost",
    schema: z.enum(LOST_SENSOR_RULES).default("new-pin"),
  },
  ephemeralHours: {
    kind: "count",
    label: "Ephemeral",
    help: "For short-lived hosts: a sensor is removed automatically after this many hours offline",
    max: MAX_EPHEMERAL_HOURS,
    empty: "never",
    unit: "Hours offline",
    suggested: 24,
    describe: (hours) => `Removed after ${counted(hours, "hour")} offline`,
    flag: "ephemeral-hours",
    schema: wholeNumber(MAX_EPHEMERAL_HOURS).nullable().default(null),
  },
} as const satisfies Record<string, TokenSetting>;

type Rows = typeof TOKEN_SETTINGS;
export type TokenSettingName = keyof Rows;
export type TokenSettings = { [N in TokenSettingName]: z.output<Rows[N]["schema"]> };

export const TOKEN_SETTING_NAMES = Object.keys(TOKEN_SETTINGS) as TokenSettingName[];

/** An object with a value for each setting. The caller states its type, which the function cannot check. */
export function mapTokenSettings<Result extends Record<TokenSettingName, unknown>>(
  settingValue: (name: TokenSettingName, setting: TokenSetting) => unknown,
): Result {
  const entries = TOKEN_SETTING_NAMES.map(
    (name) => [name, settingValue(name, TOKEN_SETTINGS[name])] as const,
  );
  return Object.fromEntries(entries) as Result;
}

/** The settings, and nothing else, of an object that has them. */
export function pickTokenSettings<Values extends Record<TokenSettingName, unknown>>(
  values: Values,
): Pick<Values, TokenSettingName> {
  return mapTokenSettings((name) => values[name]);
}

export const DEFAULT_TOKEN_SETTINGS = mapTokenSettings<TokenSettings>((_, { schema }) =>
  schema.parse(undefined),
);

type Inner<S> = S extends z.ZodDefault<infer T> ? T : never;

/** The schema of each setting, for objects that have all of them. */
export const tokenSettingsShape = mapTokenSettings<{ [N in TokenSettingName]: Inner<Rows[N]["schema"]> }>(
  (_, setting) => setting.schema.unwrap().meta(documentationOf(setting)),
);

/** The schema of each setting, for requests that create a token. An absent setting has its default. */
export const newTokenSettingsShape = mapTokenSettings<{ [N in TokenSettingName]: Rows[N]["schema"] }>(
  (_, setting) => setting.schema.meta(documentationOf(setting)),
);

function documentationOf(setting: TokenSetting): { description: string; example?: readonly string[] } {
  const { help } = setting;
  switch (setting.kind) {
    case "count":
      return { description: `${help}; null: ${setting.empty}` };
    case "list":
      return {
        description: setting.empty ? `${help}; empty: ${setting.empty}` : help,
        example: setting.example,
      };
    case "choice": {
      const rules = Object.entries(setting.choices).map(([rule, label]) => `${rule}: ${label}`);
      return { description: `${help}. ${rules.join("; ")}` };
    }
    case "switch":
      return { description: help };
  }
}

/** Formats the value of a setting as text; undefined: null, an empty list, or false. */
export function describeTokenSetting<N extends TokenSettingName>(
  name: N,
  value: TokenSettings[N],
): string | undefined {
  const setting: TokenSetting = TOKEN_SETTINGS[name];
  if (typeof value === "boolean") return value ? "Yes" : undefined;
  if (typeof value === "number") return setting.kind === "count" ? setting.describe(value) : undefined;
  if (typeof value === "string") return setting.kind === "choice" ? setting.choices[value] : undefined;
  return value?.join(", ") || undefined;
}

function counted(count: number, noun: string): string {
  return countOf(count, noun, `${noun}s`, (number) => number.toLocaleString("en"));
}
