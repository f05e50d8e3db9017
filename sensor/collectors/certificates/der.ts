// DER (X.690), as far as certificates need it. Values are parts of the input: nothing is copied.

export interface DerValue {
  /** The first byte: class, form and number. */
  tag: number;
  content: Uint8Array;
  /** With the tag and the length. */
  whole: Uint8Array;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const MAX_LENGTH_BYTES = 4;
/** More than any certificate has in one place. */
const MAX_VALUES = 5_000;

/** Not DER, or not what the certificate must have there. */
export class DerError extends Error {}

/** The first value of the bytes. Others may follow. Throws DerError. */
export function firstValue(bytes: Uint8Array): DerValue {
  const [tag, short] = bytes;
  // No tag of a certificate has several bytes.
  if (tag === undefined || short === undefined || (tag & 0x1f) === 0x1f) throw new DerError("no value");
  let [start, length] = [2, short];
  if (short >= 0x80) {
    const count = short & 0x7f;
    if (count === 0 || count > MAX_LENGTH_BYTES) throw new DerError("no length");
    length = 0;
    for (; start < 2 + count; start += 1) length = length * 256 + (bytes[start] ?? 0);
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError("a value is cut");
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) };
}

/** The values of a sequence or a set. Throws DerError. */
export function valuesIn(content: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let rest = content; rest.length > 0; ) {
    const value = firstValue(rest);
    if (values.push(value) > MAX_VALUES) throw new DerError("too many values");
    rest = rest.subarray(value.whole.length);
  }
  return values;
}

/** The content of a value that must have the tag. Throws DerError. */
export function contentOf(value: DerValue | undefined, tag: number): Uint8Array {
  if (value?.tag !== tag) throw new DerError("another value is expected");
  return value.content;
}

/** With dots. Throws DerError. */
export function objectIdOf(value: DerValue | undefined): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of contentOf(value, TAG.objectId)) {
    number = number * 128 + (byte & 0x7f);
    if (number > Number.MAX_SAFE_INTEGER / 256) throw new DerError("a number is too large");
    if (byte >= 0x80) continue;
    // The first two numbers are in one.
    if (numbers.length === 0) numbers.push(Math.min(2, Math.floor(number / 40)));
    numbers.push(numbers.length === 1 ? number - 40 * (numbers[0] ?? 0) : number);
    number = 0;
  }
  return numbers.join(".");
}
