// Formats numbers: thin separators, sizes in binary units, plurals.

const THIN_SPACE = "\u2009";

/** `12 480`, with a thin space. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/**
 * `1 sensor`, `14 sensors`. Pass the verb along, so that it agrees: `countOf(1, "sensor is", "sensors are")`.
 */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const SIZES = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `15.6 GiB`. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let step = 0;
  while (size >= 1024 && step < SIZES.length - 1) {
    size /= 1024;
    step++;
  }
  return `${step === 0 || size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${SIZES[step]}`;
}

/** Shortens an id in the middle: `tok_0198…4e5f`. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`;
}
