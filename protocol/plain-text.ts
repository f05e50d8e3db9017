// Text without control and bidirectional characters: they forge log lines and disguise names. It has no
// schemas, so that the collectors load without them.

/**
 * C0, DEL and C1 controls, line and paragraph separators, bidirectional controls (Unicode TR36), zero-width
 * no-break space.
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

/** True if the text has no control or bidirectional characters and no lone surrogates. */
export function isPlainText(text: string): boolean {
  return !UNSAFE.test(text) && text.isWellFormed();
}

/**
 * Replaces the characters that `isPlainText` rejects with U+FFFD and cuts to `maxLength` UTF-16 units. For
 * facts of a host.
 */
export function toPlainText(text: string, maxLength: number): string {
  const clean = text.toWellFormed().replace(new RegExp(UNSAFE, "g"), "\ufffd");
  return clean.length <= maxLength ? clean : clean.slice(0, maxLength).toWellFormed();
}
