// The settings of a token as command-line flags.
import {
  TOKEN_SETTING_NAMES,
  TOKEN_SETTINGS,
  type TokenSetting,
  type TokenSettings,
} from "@attacklens/protocol/token-settings.ts";
import { CommandError } from "./command-error.ts";
import { optionList } from "./option-list.ts";
import { parseCount } from "./parse-when.ts";

type Rows = typeof TOKEN_SETTINGS;
type FlagName = Rows[keyof Rows]["flag"];
type Kind<F extends FlagName> = Extract<Rows[keyof Rows], { flag: F }>["kind"];

const OPTIONS = {
  count: { type: "string" },
  list: { type: "string", multiple: true },
  switch: { type: "boolean" },
  choice: { type: "string" },
} as const satisfies Record<TokenSetting["kind"], object>;

/** For `parseArgs`. */
export const SETTING_FLAGS = Object.fromEntries(
  Object.values(TOKEN_SETTINGS).map(({ flag, kind }) => [flag, OPTIONS[kind]]),
) as { [F in FlagName]: (typeof OPTIONS)[Kind<F>] };

/** Returns the settings of the given flags. The server has defaults for the others. Throws CommandError. */
export function readSettings(
  flags: Partial<Record<FlagName, string | string[] | boolean>>,
): Partial<TokenSettings> {
  const given = TOKEN_SETTING_NAMES.flatMap((name) => {
    const value = flags[TOKEN_SETTINGS[name].flag];
    return value === undefined ? [] : [[name, parseFlag(TOKEN_SETTINGS[name], value)] as const];
  });
  return Object.fromEntries(given) as Partial<TokenSettings>;
}

function parseFlag(setting: TokenSetting, value: string | string[] | boolean) {
  const flag = `--${setting.flag}`;
  if (setting.kind === "count") return parseCount(String(value), flag);
  if (setting.kind === "choice" && !Object.hasOwn(setting.choices, String(value)))
    throw new CommandError("usage", `${flag} must be one of ${Object.keys(setting.choices).join(", ")}`);
  return value;
}

/** The help of the flags, one per line. */
export const SETTINGS_HELP = optionList(
  Object.values(TOKEN_SETTINGS).map((setting) => [usageOf(setting), helpOf(setting)]),
);

function usageOf(setting: TokenSetting): string {
  const flag = `--${setting.flag}`;
  switch (setting.kind) {
    case "count":
      return `${flag} N`;
    case "list":
      return `${flag} ${setting.item}`;
    case "switch":
      return flag;
    case "choice":
      return `${flag} ${Object.keys(setting.choices).join("|")}`;
  }
}

function helpOf(setting: TokenSetting): string {
  const { help } = setting;
  switch (setting.kind) {
    case "count":
      return `${help} (default: ${setting.empty})`;
    case "list":
      return `${help} (can be repeated${setting.empty ? `; default: ${setting.empty}` : ""})`;
    case "switch":
      return help;
    case "choice":
      return `${help} (default: ${setting.schema.parse(undefined)})`;
  }
}
