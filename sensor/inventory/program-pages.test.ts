import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { openCLibrary } from "./c-library.ts";
import { findProgramPages } from "./program-pages.ts";

const fileBytes = () =>
  1024 * Number(/^RssFile:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0);

test.skipIf(process.platform !== "linux")("a process lets go of its program and goes on", async () => {
  const library = await openCLibrary();
  const letGo = library && findProgramPages(library);
  if (letGo === undefined) throw new Error("the pages of the program are not found");
  // What it needs to go on is there again at once.
  for (let round = 0; round < 3; round += 1) {
    const before = fileBytes();
    letGo();
    expect(fileBytes()).toBeLessThan(before);
    expect(JSON.parse('{"a":[1,2,"b"]}')).toEqual({ a: [1, 2, "b"] });
    Bun.gc(true);
  }
});
