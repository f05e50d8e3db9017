import { expect, test } from "bun:test";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { COLLECTED_ON, type SensorPlatform } from "@attacklens/protocol/inventory/collected-on.ts";
import { COLLECTORS } from "./collect.ts";

test("the table of platforms names the categories that each platform has a collector of", () => {
  for (const category of CATEGORIES) {
    const platforms = (Object.keys(COLLECTORS) as SensorPlatform[]).filter(
      (platform) => COLLECTORS[platform][category] !== undefined,
    );
    expect([category, platforms.toSorted()]).toEqual([category, [...COLLECTED_ON[category]].toSorted()]);
  }
});
