import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawnCases } from "../../../harness/long-tests.ts";
import { foldItem, unfoldItem } from "./fold-item.ts";

test("a package repeats its name and its version in one character each", () => {
  const json = `{"key":"dpkg:bash:amd64","name":"bash","purl":"pkg:deb/debian/bash@5.2%2Bb1","sourceVersion":"5.2+b1","version":"5.2+b1"}`;
  expect(foldItem(json)).toBe(
    `{"key":"dpkg:\u0001:amd64","name":"bash","purl":"pkg:deb/debian/\u0001@\u0003","sourceVersion":"\u0002","version":"5.2+b1"}`,
  );
  expect(unfoldItem(foldItem(json))).toBe(json);
});

test("every item is the same after unfolding", () => {
  // Values that repeat each other, parts of the JSON around them, and what replacements treat specially.
  const word = fc.constantFrom(
    "name",
    "version",
    "1.0",
    "1.0+b",
    '"',
    "\\",
    "$&",
    "$1",
    "\u0001",
    "ä",
    ":",
    ",",
  );
  const value = fc.array(word, { maxLength: 5 }).map((words) => words.join(""));
  const member = fc.constantFrom("name", "version", "key", "purl", "a");
  const item = fc.dictionary(member, fc.oneof(value, fc.dictionary(member, value), fc.array(value)));
  fc.assert(
    fc.property(item, (made) => {
      const json = JSON.stringify(made);
      expect(unfoldItem(foldItem(json))).toBe(json);
    }),
    { numRuns: drawnCases(2_000) },
  );
});
