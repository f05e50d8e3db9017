/**
 * `1 sensor`, `14 sensors`: chooses between singular and plural. Pass the verb along, so
 * that it agrees: `countOf(1, "sensor is", "sensors are")`. `format` writes the number.
 */
export function countOf(
  count: number,
  one: string,
  many = `${one}s`,
  format: (count: number) => string = String,
): string {
  return `${format(count)} ${wordOf(count, one, many)}`;
}

/** Only the word, for a text that does not name the number. */
export function wordOf(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}
