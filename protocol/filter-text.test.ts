import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatFilter, parseFilter, type SensorFilter } from "./filter-text.ts";
import { SENSOR_PLATFORMS, SENSOR_STATUSES } from "./sensors.ts";
import { formatList } from "./text-list.ts";

const TOKEN = "tok_0198c5f0-7c1e-7a3b-9a51-000000000001";

test("reads filters and the search from one line", () => {
  const line = `status:offline,pending version:2026.11.0 tag:pci,"rack 7, left" token:${TOKEN} address:10.0.0.0/16 last-seen>7d web`;
  const filter: SensorFilter = {
    ...{ status: "offline,pending", version: "2026.11.0", tag: 'pci,"rack 7, left"' },
    ...{ enrollmentTokenId: TOKEN, address: "10.0.0.0/16", notSeenFor: "7d", q: "web" },
  };
  expect(parseFilter(line)).toEqual({ filter, problems: [] });
  expect(formatFilter(filter)).toBe(line.replace(/(token:\S+) /, "$1 "));
  expect(parseFilter("status:offline  web  STATUS:pending").filter).toEqual({
    ...{ status: "offline,pending", q: "web" },
  });
});

test("says which words are no filters", () => {
  const problemOf = (line: string) =>
    parseFilter(line)
      .problems.map(({ problem }) => problem)
      .join();
  expect(problemOf("status:bogus")).toStartWith("status:bogus must be some of removed, replaced");
  expect(problemOf("state:online")).toStartWith("state:online is no filter. Filters begin with status:");
  expect(problemOf("last-seen>7 web")).toContain("must be minutes, hours or days");
  expect(problemOf("tag:")).toBe("tag: has no value");
  expect(problemOf('tag:"pci')).toContain("must be 1 to 50 values");
  expect(problemOf("address:10.0.0.1 address:10.0.0.2")).toBe(
    "address:10.0.0.2 is a second value of address:",
  );
});

test("an address or a word in quotation marks is a search", () => {
  for (const q of ["fe80::1", "dead:beef::1", "ab:cd:ef:01:02:03", "web-01", '3"-disk'])
    expect(parseFilter(q)).toEqual({ filter: { q }, problems: [] });
  expect(parseFilter('"status:offline" web').filter).toEqual({ q: "status:offline web" });
});

test("every filter that is written is read again", () => {
  const some = (values: readonly string[]) =>
    fc.subarray([...values], { minLength: 1 }).map((chosen) => chosen.join());
  const word = fc.string({ unit: fc.constantFrom('"', ",", " ", ":", "a", "status:", "-"), minLength: 1 });
  const list = fc.array(word, { minLength: 1, maxLength: 3 }).map(formatList);
  const filters = fc.record(
    {
      status: some(SENSOR_STATUSES),
      platform: some(SENSOR_PLATFORMS),
      version: list,
      tag: list,
      enrollmentTokenId: fc.constant(TOKEN),
      address: fc.constantFrom("10.0.0.7", "10.0.0.0/16", "2001:db8::7"),
      notSeenFor: fc.constantFrom("30m", "12h", "7d"),
      seenBefore: fc.constant("2026-11-24T09:30:00.000Z"),
      match: fc.constant("any" as const),
      q: word,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(filters, (filter) => {
      expect(parseFilter(formatFilter(filter))).toEqual({ filter, problems: [] });
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.string(), (line) => void parseFilter(line)));
});
