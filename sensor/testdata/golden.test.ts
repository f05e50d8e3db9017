// The inventory of each captured machine equals the committed golden file. README.md explains how to change
// one.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS } from "@attacklens/protocol/inventory/category-items.ts";
import { collectHostFacts, collectInventory } from "../collectors/collect.ts";
import { makeMachine } from "./unpack-machine.ts";

describe.each(["debian-12", "alpine-3.20", "rocky-9", "amazon-2", "macos-14"])("%s", (name) => {
  test("returns the golden inventory", async () => {
    using machine = makeMachine(name);
    const inventory = await collectInventory(machine.root);
    const enrollment = await collectHostFacts(machine.root);
    const golden = join(import.meta.dir, name, "inventory.golden.json");
    // They depend on the clock, and on the folder that the machine is unpacked to.
    const ofRun = ["durationMs", "seen"];
    const withoutThem = (name: string, value: unknown) => (ofRun.includes(name) ? undefined : value);
    const text = `${JSON.stringify({ ...inventory, hostFacts: enrollment }, withoutThem, 2)}\n`;
    if (!existsSync(golden)) {
      writeFileSync(golden, text);
      throw new Error(`${golden} was missing and is written now: read it before you commit it`);
    }
    expect(text).toBe(readFileSync(golden, "utf8"));
  });

  test("returns valid items with unique, sorted keys", async () => {
    using machine = makeMachine(name);
    const inventory = await collectInventory(machine.root);
    for (const category of CATEGORIES) {
      const result = inventory[category];
      if (result.status !== "collected") continue;
      const keys = result.items.map(({ key }) => key);
      expect(keys).toEqual([...new Set(keys)].sort());
      for (const item of result.items) CATEGORY_ITEMS[category].parse(JSON.parse(JSON.stringify(item)));
    }
    hostFacts.parse(JSON.parse(JSON.stringify(await collectHostFacts(machine.root))));
  });
});
