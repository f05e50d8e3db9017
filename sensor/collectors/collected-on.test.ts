import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import {
  COLLECTED_ON,
  NOT_COLLECTED_ON,
  type SensorPlatform,
} from "@attacklens/protocol/inventory/collected-on.ts";
import { COLLECTORS } from "./collect.ts";

test("the table of platforms names the categories that each platform has a collector of", () => {
  for (const category of CATEGORIES) {
    const platforms = (Object.keys(COLLECTORS) as SensorPlatform[]).filter(
      (platform) => COLLECTORS[platform][category] !== undefined,
    );
    expect([category, platforms.toSorted()]).toEqual([category, [...COLLECTED_ON[category]].toSorted()]);
  }
});

const MACHINES = join(import.meta.dir, "../testdata");

/** The captured machines have no time of a sign-in. */
const NEVER_CAPTURED = "lastLoginAt";

/** The fields that the items of a category have on a captured machine. */
function fieldsOn(machine: string, category: Category): Set<string> {
  const inventory = JSON.parse(readFileSync(join(MACHINES, machine, "inventory.golden.json"), "utf8"));
  return new Set((inventory[category].items ?? []).flatMap((item: object) => Object.keys(item)));
}

test("a field that is not collected on macOS is on no Mac, and on a machine with Linux", () => {
  const linux = readdirSync(MACHINES).filter((name) => /^(alpine|amazon|debian|rocky)/.test(name));
  expect(linux.length).toBeGreaterThan(2);
  for (const category of CATEGORIES)
    for (const [field, platforms] of Object.entries<readonly string[]>(NOT_COLLECTED_ON[category] ?? {})) {
      const has = (machine: string) => fieldsOn(machine, category).has(field);
      if (field !== NEVER_CAPTURED) expect([field, linux.some(has)]).toEqual([field, true]);
      if (platforms.includes("macos")) expect([field, has("macos-14")]).toEqual([field, false]);
    }
});
