// The settings of an update ring, one row each. The bodies of the API, the columns of the database, the flags
// and help of the CLI, the form of the console, and audit events are derived from them.
import { z } from "zod";
import { releaseVersion } from "./releases/release.ts";
import { timeZone } from "./time-zone.ts";

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const WEEKDAY_NAMES: Record<Weekday, string> = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};

export const WHOLE_DAY = "00:00-24:00";
/** A week. */
const MAX_SOAK_MINUTES = 10_080;
const MAX_HOSTS = 1_000;

const HOURS = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

const hours = z
  .string()
  .regex(HOURS, "must be two times such as 22:00-04:00")
  .refine(
    (text) => text.slice(0, 5) !== text.slice(6),
    `must begin and end at different times. The whole day is ${WHOLE_DAY}`,
  );

const wholeNumber = (min: number, max: number) =>
  z.int("must be a whole number").min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);

interface Common {
  /** The name in the console and the CLI. */
  label: string;
  /** A phrase without a period, for the API reference, the console's form, and the CLI's help. */
  help: string;
  /** The flag of the CLI, without the dashes. */
  flag: string;
}

interface DaysSetting extends Common {
  kind: "days";
}
interface TextSetting extends Common {
  kind: "text";
  /** The name of the value in the CLI's help. */
  item: string;
  /** What null means, if the setting can be null. */
  empty?: string;
}
interface CountSetting extends Common {
  kind: "count";
  min: number;
  max: number;
}
interface SwitchSetting extends Common {
  kind: "switch";
}
export type RingSetting = (DaysSetting | TextSetting | CountSetting | SwitchSetting) & {
  schema: z.ZodDefault<z.ZodType>;
};

/** In the order in which the console and the CLI show them. */
export const RING_SETTINGS = {
  days: {
    kind: "days",
    label: "Days",
    help: "Days on which hosts start to update",
    flag: "day",
    schema: z
      .array(z.enum(WEEKDAYS))
      .min(1, "must have at least one day")
      .max(7)
      .transform((days) => WEEKDAYS.filter((day) => days.includes(day)))
      .default([...WEEKDAYS]),
  },
  hours: {
    kind: "text",
    label: "Hours",
    help: "Time of day in which hosts start to update, such as 22:00-04:00. Hours past midnight belong to the day on which they begin",
    item: "HH:MM-HH:MM",
    flag: "hours",
    schema: hours.default(WHOLE_DAY),
  },
  timeZone: {
    kind: "text",
    label: "Time zone",
    help: "Time zone of the days and hours, such as Europe/Berlin",
    item: "ZONE",
    flag: "time-zone",
    schema: timeZone.default("UTC"),
  },
  canaries: {
    kind: "count",
    label: "Canaries",
    help: "Hosts that update first. The others wait until these have succeeded",
    min: 1,
    max: MAX_HOSTS,
    flag: "canaries",
    schema: wholeNumber(1, MAX_HOSTS).default(2),
  },
  stopAfter: {
    kind: "count",
    label: "Stop after",
    help: "Number of hosts whose update fails at which the ring, and every later ring, stops",
    min: 1,
    max: MAX_HOSTS,
    flag: "stop-after",
    schema: wholeNumber(1, MAX_HOSTS).default(3),
  },
  soakMinutes: {
    kind: "count",
    label: "Soak time",
    help: "Minutes after the canaries have succeeded until the next ring starts",
    min: 0,
    max: MAX_SOAK_MINUTES,
    flag: "soak-minutes",
    schema: wholeNumber(0, MAX_SOAK_MINUTES).default(60),
  },
  version: {
    kind: "text",
    label: "Pinned version",
    help: "Version that the ring gets",
    item: "VERSION",
    empty: "the newest release",
    flag: "pin",
    schema: releaseVersion.nullable().default(null),
  },
  mandatory: {
    kind: "switch",
    label: "Mandatory",
    help: "Each host updates at its next check-in: the ring ignores days and hours, and waits neither for earlier rings nor for its canaries. It still stops after failures",
    flag: "mandatory",
    schema: z.boolean().default(false),
  },
} as const satisfies Record<string, RingSetting>;

type Rows = typeof RING_SETTINGS;
export type RingSettingName = keyof Rows;
export type RingSettings = { [N in RingSettingName]: z.output<Rows[N]["schema"]> };

export const RING_SETTING_NAMES = Object.keys(RING_SETTINGS) as RingSettingName[];

/** An object with a value for each setting. The caller states its type, which the function cannot check. */
export function mapRingSettings<Result extends Record<RingSettingName, unknown>>(
  settingValue: (name: RingSettingName, setting: RingSetting) => unknown,
): Result {
  const entries = RING_SETTING_NAMES.map((name) => [name, settingValue(name, RING_SETTINGS[name])] as const);
  return Object.fromEntries(entries) as Result;
}

/** The settings, and nothing else, of an object that has them. */
export function pickRingSettings<Values extends Record<RingSettingName, unknown>>(
  values: Values,
): Pick<Values, RingSettingName> {
  return mapRingSettings((name) => values[name]);
}

export const DEFAULT_RING_SETTINGS = mapRingSettings<RingSettings>((_, { schema }) =>
  schema.parse(undefined),
);

type Inner<S> = S extends z.ZodDefault<infer T> ? T : never;

/** The schema of each setting, for objects that have all of them. */
export const ringSettingsShape = mapRingSettings<{ [N in RingSettingName]: Inner<Rows[N]["schema"]> }>(
  (_, setting) => setting.schema.unwrap().meta(documentationOf(setting)),
);

/** The schema of each setting, for requests that create a ring. An absent setting has its default. */
export const newRingSettingsShape = mapRingSettings<{ [N in RingSettingName]: Rows[N]["schema"] }>(
  (_, setting) => setting.schema.meta(documentationOf(setting)),
);

function documentationOf(setting: RingSetting): { description: string } {
  const { help } = setting;
  return {
    description: setting.kind === "text" && setting.empty ? `${help}; null: ${setting.empty}` : help,
  };
}

/** Formats the value of a setting as text. */
export function describeRingSetting<N extends RingSettingName>(name: N, value: RingSettings[N]): string {
  const setting: RingSetting = RING_SETTINGS[name];
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return value.toLocaleString("en");
  if (value === null) return setting.kind === "text" ? (setting.empty ?? "") : "";
  if (typeof value === "string") return value;
  return value.length === WEEKDAYS.length ? "every day" : value.map((day) => WEEKDAY_NAMES[day]).join(", ");
}

/** The days and hours as one phrase, e.g. `Monday, 22:00-04:00 (Europe/Berlin)`. */
export function describeWindow({ days, hours, timeZone }: Pick<RingSettings, "days" | "hours" | "timeZone">) {
  const isAlways = days.length === WEEKDAYS.length && hours === WHOLE_DAY;
  if (isAlways) return "at any time";
  return `${describeRingSetting("days", days)}, ${hours} (${timeZone})`;
}
