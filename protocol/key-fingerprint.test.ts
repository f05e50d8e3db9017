import { expect, test } from "bun:test";
import { formatKeyFingerprint } from "./key-fingerprint.ts";

test("the words match the published examples", () => {
  // arXiv:0901.4016, section 3: 127.0.0.1 and 63.84.220.193.
  const bytes = Uint8Array.from([127, 0, 0, 1, 63, 84, 220, 193]);
  expect(formatKeyFingerprint(bytes)).toBe("lusab-babad-gutih-tugad");
});
