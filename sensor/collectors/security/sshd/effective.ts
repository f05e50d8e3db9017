// The settings that result from the lines of sshd_config(5): for all connections, and for those of each Match
// block.
import { resolveAlgorithms } from "./algorithms.ts";
import type { SshdBuild } from "./build.ts";
import type { SshdConfig, SshdLine } from "./config.ts";
import { hasOneKeyboardSetting, isAllowedInMatch, REPORTED, type SshdKeyword } from "./keywords.ts";

export interface SshdSetting {
  keyword: SshdKeyword;
  value: string;
  /** Undefined: the default of the version. */
  source: string | undefined;
  /** The criteria of the Match block. Empty: all connections. */
  criteria: string;
}

export function effectiveSettings(config: SshdConfig, build: SshdBuild): SshdSetting[] {
  if (config.readable !== undefined) return settingsBefore(config, config.readable, build);
  const everyone = byKeyword(config.lines);
  for (const [keyword, lines] of everyone)
    if (keyword.name === "KbdInteractiveAuthentication") everyone.set(keyword, keyboardLines(lines, build));
  // Match blocks are applied after the rest, so `Match all` overrides it.
  for (const [keyword, lines] of byKeyword(
    config.blocks.flatMap(({ criteria, lines }) => (criteria ? [] : lines)),
  ))
    if (isAllowedInMatch(keyword.name.toLowerCase(), keyword, build.version)) everyone.set(keyword, lines);
  return [
    ...REPORTED.flatMap((keyword) => {
      const found = settingOf(keyword, everyone.get(keyword) ?? [], build, everyone);
      // The default is not what the administrator wants.
      return found?.source === undefined && config.rejected.has(keyword) ? [] : (found ?? []);
    }),
    ...blockSettings(config, build),
  ];
}

/** A file that cannot be read may set what no line before it sets. */
function settingsBefore(config: SshdConfig, count: number, build: SshdBuild): SshdSetting[] {
  const before = byKeyword(config.lines.slice(0, count));
  return REPORTED.flatMap((keyword) => {
    const lines = keyword.rule === "first" ? (before.get(keyword) ?? []) : [];
    return (lines.length > 0 && settingOf(keyword, lines, build, before)) || [];
  });
}

function settingOf(
  keyword: SshdKeyword,
  lines: readonly SshdLine[],
  build: SshdBuild,
  everyone: ReadonlyMap<SshdKeyword, SshdLine[]>,
): SshdSetting | undefined {
  const [value, source] = valueFrom(keyword, lines, build) ?? [build.defaultOf(keyword)];
  if (value === undefined) return undefined;
  const shown = keyword.type === "listen" ? withPorts(lines, everyone) : value;
  return { keyword, value: shown, source, criteria: "" };
}

/** Undefined: no line sets it. */
function valueFrom(
  keyword: SshdKeyword,
  lines: readonly SshdLine[],
  build: SshdBuild,
): [value: string, source: string] | undefined {
  const line = keyword.rule === "last" ? lines.at(-1) : lines[0];
  if (line === undefined) return undefined;
  const values = keyword.rule === "all" ? lines.flatMap((each) => each.values) : line.values;
  return [shownValue(keyword, values, build), line.source];
}

function shownValue({ name, type }: SshdKeyword, values: readonly string[], build: SshdBuild): string {
  if (type === "ciphers" || type === "macs" || type === "kex" || type === "signatures")
    return (resolveAlgorithms(type, values[0] ?? "", build.algorithmsOf(name), build.version) ?? values).join(
      ",",
    );
  return values.join(type === "subsystem" ? ", " : " ");
}

/** Before OpenSSH 8.7, either setting enables it, and ChallengeResponseAuthentication is on by default. */
function keyboardLines(lines: SshdLine[], { version }: SshdBuild): SshdLine[] {
  if (hasOneKeyboardSetting(version)) return lines;
  const challenge = lines.find(({ isChallengeResponse }) => isChallengeResponse);
  if (challenge?.values[0] !== "no") return challenge ? [challenge] : [];
  const keyboard = lines.find(({ isChallengeResponse }) => !isChallengeResponse);
  return [keyboard ?? challenge];
}

/** sshd listens on each address at each port, unless the address has a port. */
function withPorts(lines: readonly SshdLine[], everyone: ReadonlyMap<SshdKeyword, SshdLine[]>): string {
  const portLines = [...everyone].find(([{ type }]) => type === "port")?.[1] ?? [];
  const ports = portLines.flatMap(({ values }) => values);
  return lines
    .flatMap(({ values }) => values)
    .flatMap((address) =>
      /\]:\d+$|^[^[:]+:\d+$/.test(address)
        ? address
        : (ports.length > 0 ? ports : ["22"]).map((port) => `${address}:${port}`),
    )
    .join(" ");
}

/** Blocks with equal criteria are one. What an earlier `Match all` sets has no effect in a later block. */
function blockSettings({ blocks }: SshdConfig, build: SshdBuild): SshdSetting[] {
  const decided = new Set<SshdKeyword>();
  const byCriteria = new Map<string, SshdLine[]>();
  const shared: SshdLine[] = [];
  for (const { criteria, lines } of blocks) {
    if (criteria === "") {
      for (const line of lines) {
        if (line.keyword.rule === "first") decided.add(line.keyword);
        else if (line.keyword.rule === "all") shared.push(line);
      }
      continue;
    }
    const known = byCriteria.get(criteria) ?? [];
    byCriteria.set(criteria, known);
    for (const line of lines) if (!decided.has(line.keyword)) known.push(line);
  }
  const ofAll = byKeyword(shared);
  return [...byCriteria].flatMap(([criteria, lines]) => {
    const ofBlock = byKeyword(lines);
    return REPORTED.flatMap((keyword) => {
      const own = ofBlock.get(keyword) ?? [];
      // The values of a list are those of all blocks.
      const others = own.length > 0 ? (ofAll.get(keyword) ?? []) : [];
      const [value, source] = valueFrom(keyword, [...others, ...own], build) ?? [];
      return value === undefined ? [] : [{ keyword, value, source, criteria }];
    });
  });
}

function byKeyword(lines: readonly SshdLine[]): Map<SshdKeyword, SshdLine[]> {
  const found = new Map<SshdKeyword, SshdLine[]>();
  for (const line of lines) {
    const known = found.get(line.keyword);
    if (known) known.push(line);
    else found.set(line.keyword, [line]);
  }
  return found;
}
