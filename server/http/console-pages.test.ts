import { expect, test } from "bun:test";
import { PAGES } from "./console-files.ts";

test("the server knows the first segment of every path of the console", async () => {
  const routes = await Bun.file(`${import.meta.dir}/../../console/src/routes.tsx`).text();
  const segments = Array.from(routes.matchAll(/path: "\/([a-z-]+)/g), ([, first]) => first as string);
  expect([...new Set(segments)].toSorted()).toEqual(PAGES.toSorted());
});
