import { expect, test } from "bun:test";
import { SHORTCUTS, shortcutOf } from "./shortcuts.ts";

const plain = {
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  defaultPrevented: false,
};
const free = { isTyping: false, isCovered: false, isOff: false };
const press = (key: string, others: Partial<typeof plain> = {}) => ({ ...plain, key, ...others });

test("each single key has one meaning, and none with a modifier", () => {
  for (const { key, id, isWithModifier } of SHORTCUTS) {
    if (isWithModifier) continue;
    expect(shortcutOf(press(key), free)).toBe(id!);
    for (const modifier of ["ctrlKey", "metaKey", "altKey"] as const) {
      const meaning = shortcutOf(press(key, { [modifier]: true }), free);
      expect(meaning).toBe((key === "k" && modifier !== "altKey" ? "palette" : undefined)!);
    }
  }
  const keys = SHORTCUTS.map(({ key, isWithModifier }) => `${isWithModifier} ${key}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test("no single key acts while the user types, in a dialog, or when turned off; the palette opens while typing", () => {
  for (const place of [{ isTyping: true }, { isCovered: true }, { isOff: true }])
    expect(shortcutOf(press("c"), { ...free, ...place })).toBeUndefined();
  for (const key of ["k", "K"]) {
    const open = press(key, { ctrlKey: true });
    expect(shortcutOf(open, { ...free, isTyping: true, isOff: true })).toBe("palette");
    expect(shortcutOf(open, { ...free, isCovered: true })).toBeUndefined();
  }
  expect(shortcutOf(press("c", { isComposing: true }), free)).toBeUndefined();
  expect(shortcutOf(press("c", { defaultPrevented: true }), free)).toBeUndefined();
});
