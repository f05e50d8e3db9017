// The settings of an update ring as command-line flags.
import {
  RING_SETTING_NAMES,
  RING_SETTINGS,
  type RingSetting,
  type RingSettings,
  WEEKDAYS,
} from "@attacklens/protocol/ring-settings.ts";
import { CommandError } from "./command-error.ts";
import { optionList } from "./option-list.ts";
import { parseCount } from "./parse-when.ts";

type Rows = typeof RING_SETTINGS;
type FlagName = Rows[keyof Rows]["flag"];
type Kind<F extends FlagName> = Extract<Rows[keyof Rows], { flag: F }>["kind"];

const OPTIONS = {
  days: { type: "string", multiple: true },
  text: { type: "string" },
  count: { type: "string" },
  /** Yes or no, because a ring that is mandatory must be able to stop being that. */
  switch: { type: "string" },
} as const satisfies Record<RingSetting["kind"], object>;

/** What a setting that can be null accepts for null. */
export const NEWEST = "newest";

/** For `parseArgs`. */
export const RING_FLAGS = Object.fromEntries(
  Object.values(RING_SETTINGS).map(({ flag, kind }) => [flag, OPTIONS[kind]]),
) as { [F in FlagName]: (typeof OPTIONS)[Kind<F>] };

/** Returns the settings of the given flags. Throws CommandError. */
export function readRingSettings(flags: Partial<Record<FlagName, string | string[]>>): Partial<RingSettings> {
  const given = RING_SETTING_NAMES.flatMap((name) => {
    const value = flags[RING_SETTINGS[name].flag];
    return value === undefined ? [] : [[name, parseFlag(RING_SETTINGS[name], value)] as const];
  });
  return Object.fromEntries(given) as Partial<RingSettings>;
}

function parseFlag(setting: RingSetting, value: string | string[]) {
  const flag = `--${setting.flag}`;
  switch (setting.kind) {
    case "count":
      return parseCount(String(value), flag);
    case "switch":
      if (value === "yes" || value === "no") return value === "yes";
      throw new CommandError("usage", `${flag} must be yes or no`);
    case "text":
      return setting.empty !== undefined && value === NEWEST ? null : value;
    case "days": {
      const days = [value].flat().flatMap((text) => text.toLowerCase().split(","));
      const wrong = days.find((day) => !WEEKDAYS.some((one) => one === day));
      if (wrong === undefined) return days;
      throw new CommandError("usage", `${flag} must be one of ${WEEKDAYS.join(", ")}`);
    }
  }
}

/** The help of the flags, one per line. */
export const RING_FLAGS_HELP = optionList(
  Object.values(RING_SETTINGS).map((setting) => [usageOf(setting), helpOf(setting)]),
);

function usageOf(setting: RingSetting): string {
  const flag = `--${setting.flag}`;
  switch (setting.kind) {
    case "days":
      return `${flag} DAY,...`;
    case "count":
      return `${flag} N`;
    case "switch":
      return `${flag} yes|no`;
    case "text":
      return setting.empty === undefined ? `${flag} ${setting.item}` : `${flag} ${setting.item}|${NEWEST}`;
  }
}

function helpOf(setting: RingSetting): string {
  const { help } = setting;
  switch (setting.kind) {
    case "days":
      return `${help}: ${WEEKDAYS.join(", ")} (default: every day)`;
    case "switch":
      return `${help} (default: no)`;
    case "text":
      return `${help} (default: ${setting.empty ?? setting.schema.parse(undefined)})`;
    case "count":
      return `${help} (default: ${setting.schema.parse(undefined)})`;
  }
}
