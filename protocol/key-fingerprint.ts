// A public key as four words for comparison by operators: 64 bits of its SHA-256 as proquints (Wilkerson,
// arXiv:0901.4016).

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aiou";

/**
 * Returns e.g. `lusab-babad-gutih-tugad` for the first eight bytes of a SHA-256. Four words of a word list
 * would have fewer bits.
 */
export function formatKeyFingerprint(sha256: Uint8Array): string {
  const words: string[] = [];
  for (let index = 0; index < 8; index += 2) {
    const bits = (sha256[index]! << 8) | sha256[index + 1]!;
    words.push(
      CONSONANTS[bits >> 12]! +
        VOWELS[(bits >> 10) & 3]! +
        CONSONANTS[(bits >> 6) & 15]! +
        VOWELS[(bits >> 4) & 3]! +
        CONSONANTS[bits & 15]!,
    );
  }
  return words.join("-");
}
