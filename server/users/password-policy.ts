// The rules for a new password: long enough, not in a known breach, not the user's name or email, and hard to
// guess. Set-up, the command line, invitations, resets, and the account page use this one function.
import { PASSWORD_LENGTH } from "@attacklens/protocol/account.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { isBreached } from "./breached-passwords.ts";
import { normalizedPassword } from "./password.ts";

/** zxcvbn's scale ends at 4; 3 means more than 10^8 guesses. */
const MIN_SCORE = 3;
/** The number of characters of a password that zxcvbn reads. */
const MAX_CHECKED = 50;
/** A password must have this number of letters and digits beside the user's name and email. */
const MIN_OTHER = 8;
/** Shorter words also occur by chance. */
const MIN_WORD = 3;

/**
 * `known`: words that an attacker tries first, such as the user's name and email. `field`: the field of the
 * input that has the password. Throws input-invalid.
 */
export async function refuseWeakPassword(
  password: string,
  known: string[],
  field = "password",
): Promise<void> {
  const message = await weaknessOf(normalizedPassword(password), known);
  if (message === undefined) return;
  throw new Problem("input-invalid", `Cannot set password: it ${message}`, { fields: { [field]: message } });
}

async function weaknessOf(password: string, known: string[]): Promise<string | undefined> {
  const { min, max } = PASSWORD_LENGTH;
  if ([...password].length < min) return `must have at least ${min} characters`;
  if (password.length > max) return `must have at most ${max} characters`;
  if (await isBreached(password)) return "is in a list of passwords from data breaches; choose another one";
  const words = known
    .flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])
    .filter(({ length }) => length >= MIN_WORD);
  if (isMostly(password, words)) return "must not consist of your name or email";
  return (await isGuessable(password, words))
    ? "is too easy to guess; several unrelated words make a better one"
    : undefined;
}

const lettersOf = (text: string) =>
  normalizedPassword(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

function isMostly(password: string, words: string[]): boolean {
  const all = lettersOf(password);
  const longestFirst = words.map(lettersOf).toSorted((one, other) => other.length - one.length);
  const rest = longestFirst.reduce((text, word) => (word === "" ? text : text.replaceAll(word, "")), all);
  return rest.length < all.length && rest.length < MIN_OTHER;
}

let checker: Promise<{ zxcvbn: ZxcvbnFactory; common: Set<string> }> | undefined;

/** Loads the dictionaries, which takes a tenth of the time that a server needs to start. */
async function openChecker() {
  const [core, common] = await Promise.all([import("@zxcvbn-ts/core"), import("@zxcvbn-ts/language-common")]);
  const { dictionary, adjacencyGraphs: graphs } = common;
  return {
    zxcvbn: new core.ZxcvbnFactory({ dictionary, graphs }),
    common: new Set(Object.values(dictionary).flat().map(String)),
  };
}

async function isGuessable(password: string, words: string[]): Promise<boolean> {
  checker ??= openChecker();
  const { zxcvbn, common } = await checker;
  // Of `Summer2026!!!!`, zxcvbn counts each part. Attackers try all endings of common passwords.
  if (common.has(password.toLowerCase().replace(/[^\p{L}]+$/u, ""))) return true;
  // The check blocks for a time that grows with the square of the length. Further characters never weaken a
  // password.
  const checked = password.slice(0, MAX_CHECKED);
  return zxcvbn.check(checked, [...words, "attacklens"]).score < MIN_SCORE;
}
