import { expect, test } from "bun:test";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { stringifySearch } from "../paths.ts";
import { fromLine, lineSearch, toLine } from "./line-search.ts";
import { listSearch } from "./list-search.ts";

const read = lineSearch(listSearch(listSensors));
const present = (search: object) => Object.fromEntries(Object.entries(search).filter(([, value]) => value));

test("the filters are one line in the address, which is readable", () => {
  const search = { status: "offline,pending", tag: 'pci,"rack 7"', q: "web", sort: "os" } as const;
  const line = toLine(search);
  expect(line).toEqual({ filter: 'status:offline,pending tag:pci,"rack 7" web', sort: "os" });
  expect(fromLine(line)).toEqual(search);
  expect(
    stringifySearch({ ...toLine({ status: "offline,pending", address: "2001:db8::/32", q: "web" }) }),
  ).toBe("?filter=status:offline,pending+address:2001:db8::/32+web");
  expect(toLine({ sort: "os" })).toEqual({ sort: "os" });
});

test("an address with a parameter for each filter becomes one with the line", () => {
  expect(present(read({ status: "offline", q: "web", order: "desc" }))).toEqual({
    filter: "status:offline web",
    order: "desc",
  });
  const once = read({ status: "offline" });
  expect(fromLine(once)).toEqual({ status: "offline" });
  // The router reads an address again.
  expect(present(read({ ...once }))).toEqual({ filter: "status:offline" });
  expect(present(read({ filter: "tag:pci", status: "offline" }))).toEqual({
    filter: "status:offline tag:pci",
  });
});

test("words that are no filters, and values that do not exist, are cleared", () => {
  expect(present(read({ filter: "status:bogus platform:linux", sort: "color" }))).toEqual({
    filter: "platform:linux",
  });
  expect(present(read({ filter: "state:online", status: "bogus" }))).toEqual({});
});
