// When passwords and accounts expire, from shadow(5). Days are counted from 1970.
import { parseCount } from "../collector.ts";

export interface AccountAges {
  changedDay: number | undefined;
  /** Days for which a password is valid. Undefined: for ever. */
  maximumDays: number | undefined;
  /** Days after the password's end in which it can be changed at the next sign-in. Undefined: always. */
  inactiveDays: number | undefined;
  /** The first day on which the account does not exist for a sign-in. */
  expireDay: number | undefined;
}

/** Programs write these numbers for "never". */
const NEVER_DAYS = 99_999;
const MAX_DAY = 2_932_896;

/** `days`: the fields of a line after the password. */
export function agesOf([changed, , maximum, , inactive, expire]: readonly string[]): AccountAges {
  const maximumDays = dayOf(maximum);
  return {
    changedDay: dayOf(changed),
    maximumDays: maximumDays === undefined || maximumDays >= NEVER_DAYS ? undefined : maximumDays,
    inactiveDays: dayOf(inactive),
    expireDay: dayOf(expire),
  };
}

function dayOf(text: string | undefined): number | undefined {
  const day = parseCount(text?.trim());
  return day !== undefined && day <= MAX_DAY ? day : undefined;
}

export function dateOf(day: number | undefined): string | undefined {
  return day === undefined || day > MAX_DAY
    ? undefined
    : new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/**
 * The first day on which the password is not valid. A password that was changed on day 0 must be changed at
 * the next sign-in.
 */
export function passwordEnd({ changedDay, maximumDays }: AccountAges): number | undefined {
  if (changedDay === 0) return 0;
  return changedDay === undefined || maximumDays === undefined ? undefined : changedDay + maximumDays;
}

/** As pam_unix decides: the account has expired, or its password did so too long ago. */
export function hasExpired(ages: AccountAges, nowMs: number): boolean {
  const today = Math.floor(nowMs / 86_400_000);
  if (ages.expireDay !== undefined && today >= ages.expireDay) return true;
  const { changedDay, maximumDays, inactiveDays } = ages;
  if (changedDay === undefined || maximumDays === undefined || inactiveDays === undefined) return false;
  return today - changedDay > maximumDays + inactiveDays;
}
