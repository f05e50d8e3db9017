// What a version of sudo accepts, and what it does with a line that it rejects.

export interface SudoFeatures {
  /** After a line that it rejects, it continues with the next. Otherwise, such a line means no rights. */
  recovers: boolean;
  /** Otherwise, it also skips the line after an include of a missing file. */
  skipsMissingInclude: boolean;
  /** Regular expressions as commands and arguments. */
  patterns: boolean;
  /** Double quotes in the values of CWD and CHROOT. */
  quotedPaths: boolean;
  /** The pseudo command `list`. */
  listCommand: boolean;
  /** INTERCEPT and NOINTERCEPT. */
  interceptTags: boolean;
  /** Options that are keywords; otherwise, they are names of aliases. */
  apparmorOption: boolean;
  solarisOptions: boolean;
  pathOptions: boolean;
}

/** `[1, 9, 13]`; a version that is not known counts as the newest. */
export type SudoVersion = readonly [number, number, number];

export function parseSudoVersion(text: string): SudoVersion | undefined {
  const match = /\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:p\d+)?\b/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** `distribution`: the ID of os-release. Debian builds sudo 1.9 without AppArmor up to bookworm. */
export function featuresOf(version: SudoVersion | undefined, distribution: string | undefined): SudoFeatures {
  const isFrom = (...first: [number, number, number]) =>
    version === undefined || compare(version, first) >= 0;
  return {
    recovers: isFrom(1, 9, 3),
    skipsMissingInclude: isFrom(1, 9, 13),
    pathOptions: isFrom(1, 9, 3),
    interceptTags: isFrom(1, 9, 8),
    patterns: isFrom(1, 9, 10),
    listCommand: isFrom(1, 9, 13),
    apparmorOption: isFrom(1, 9, 14) || (isFrom(1, 9, 11) && distribution !== "debian"),
    solarisOptions: isFrom(1, 9, 14),
    quotedPaths: isFrom(1, 9, 14),
  };
}

function compare(left: SudoVersion, right: SudoVersion): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}
