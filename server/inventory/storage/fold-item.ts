// Shortens the JSON of an item: most items repeat their name and their version in other members, for example
// in a package URL. A repetition becomes one control character, which the text of JSON never contains.

const VERSION = { member: '"version":"', character: "\u0002" };
const ENCODED_VERSION = { member: '"version":"', character: "\u0003" };
const NAME = { member: '"name":"', character: "\u0001" };
/** A shorter value would also replace parts of words. */
const MIN_LENGTH = 3;

interface Fold {
  /** The start of the member whose value is repeated. The first one of the text counts. */
  member: string;
  character: string;
}

export function foldItem(json: string): string {
  let text = replaceAround(json, VERSION, (value) => [value, VERSION.character]);
  text = replaceAround(text, ENCODED_VERSION, (value) => [encoded(value), ENCODED_VERSION.character]);
  return replaceAround(text, NAME, (value) => [value, NAME.character]);
}

export function unfoldItem(folded: string): string {
  let text = replaceAround(folded, NAME, (value) => [NAME.character, value]);
  text = replaceAround(text, ENCODED_VERSION, (value) => [ENCODED_VERSION.character, encoded(value)]);
  return replaceAround(text, VERSION, (value) => [VERSION.character, value]);
}

/** Replaces a text by another before and after the value of the member, which stays. */
function replaceAround(text: string, { member }: Fold, pair: (value: string) => [string, string]): string {
  const at = text.indexOf(member);
  if (at < 0) return text;
  const start = at + member.length;
  const end = text.indexOf('"', start);
  const value = text.slice(start, end);
  // A value with an escaped quote would end too early.
  if (value.length < MIN_LENGTH || value.includes("\\")) return text;
  const [from, to] = pair(value);
  // A function, because a dollar sign has a meaning in a text.
  const replace = (part: string) => part.replaceAll(from, () => to);
  return replace(text.slice(0, at)) + text.slice(at, end) + replace(text.slice(end));
}

/** As in a package URL. */
function encoded(version: string): string {
  return version.replaceAll("+", "%2B");
}
