// Whole numbers in few bytes: seven bits a byte, lowest first, as in LEB128. Differences of either sign are
// folded into numbers from 0 on first (zigzag).

export function writeVarints(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (let rest of numbers) {
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

export function readVarints(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [number, place] = [0, 1];
  for (const byte of bytes) {
    number += (byte & 0x7f) * place;
    if (byte >= 0x80) place *= 0x80;
    else {
      numbers.push(number);
      [number, place] = [0, 1];
    }
  }
  return numbers;
}

export function toZigzag(difference: number): number {
  return difference < 0 ? -2 * difference - 1 : 2 * difference;
}

export function fromZigzag(number: number): number {
  return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
}
