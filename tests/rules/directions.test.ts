// CONTRIBUTING.md, "Imports go one way". A failure states the reason of the rule and the import.
import { describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { CODE, expectNone, type Import, importsAmong, SOURCES, TESTS } from "./sources.ts";

const PROGRAMS = ["server", "console", "sensor"];
const DRIVERS = ["tasks", "tests", "bench", "harness"];

const show = ({ from, to }: Import) => `${from} imports ${to}`;
const top = (path: string) => path.split("/", 1)[0] as string;
const below = (folder: string, files = CODE) => files.filter((file) => file.startsWith(`${folder}/`));

/** Imports that go back to an earlier layer. Any file may import a file without a layer. */
function goingBack(files: string[], layerOf: (path: string) => number | undefined): Import[] {
  return importsAmong(files).filter(({ from, to, isPackage }) => {
    const [source, target] = [layerOf(from), layerOf(to)];
    return !isPackage && source !== undefined && target !== undefined && target < source;
  });
}

/** Each cycle among the folders of the files, as `a → b → a`. */
function cyclesOf(files: string[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to, isPackage } of importsAmong(files)) {
    if (isPackage || !files.includes(to) || dirname(from) === dirname(to)) continue;
    const of = targets.get(dirname(from)) ?? new Set();
    targets.set(dirname(from), of.add(dirname(to)));
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  function visit(folder: string, path: string[]): void {
    if (path.includes(folder)) {
      cycles.push([...path.slice(path.indexOf(folder)), folder].join(" → "));
      return;
    }
    if (done.has(folder)) return;
    for (const next of targets.get(folder) ?? []) visit(next, [...path, folder]);
    done.add(folder);
  }
  for (const folder of targets.keys()) visit(folder, []);
  return cycles;
}

describe("between the programs", () => {
  test("protocol imports zod and itself, nothing else", () => {
    const wrong = importsAmong(below("protocol")).filter(({ to, isPackage }) =>
      isPackage ? to !== "zod" : top(to) !== "protocol",
    );
    expectNone("all programs contain protocol/, and so everything that it imports", wrong.map(show));
  });

  test("server, console and sensor never import each other", () => {
    const wrong = PROGRAMS.flatMap((program) =>
      importsAmong(below(program)).filter(
        ({ to, isPackage }) => !isPackage && ![program, "protocol"].includes(top(to)),
      ),
    );
    expectNone("what two programs must agree on is written once, in protocol/", wrong.map(show));
  });

  test("tests beside the code import their program, protocol and harness", () => {
    const files = SOURCES.filter((file) => TESTS.includes(file) || file.includes("/testing/"));
    const wrong = PROGRAMS.flatMap((program) =>
      importsAmong(below(program, files)).filter(
        ({ to, isPackage }) => !isPackage && ![program, "protocol", "harness"].includes(top(to)),
      ),
    );
    expectNone("a test of one program that needs another belongs in tests/", wrong.map(show));
  });

  test("production code never imports testing/, harness/ or tests/", () => {
    const wrong = PROGRAMS.concat("protocol").flatMap((program) =>
      importsAmong(below(program)).filter(
        ({ to, isPackage }) =>
          !isPackage &&
          (to.includes("/testing/") || ["harness", "tests", "tasks", "bench"].includes(top(to))),
      ),
    );
    expectNone("code that only tests need would ship to users", wrong.map(show));
  });

  test("tasks, tests, bench and harness start programs and do not import them", () => {
    const entries = ["tasks/attacklens.ts", "tasks/dev-console.ts"];
    const files = SOURCES.filter((file) => DRIVERS.includes(top(file)));
    const wrong = importsAmong(files).filter(
      ({ from, to, isPackage }) => !isPackage && PROGRAMS.includes(top(to)) && !entries.includes(from),
    );
    expectNone(
      "users get only the built programs; two tasks are entry points, of one of them and of the console with hot reload",
      wrong.map(show),
    );
  });

  test("tasks, tests and bench share harness/ and never import each other", () => {
    const files = SOURCES.filter((file) => DRIVERS.includes(top(file)));
    const wrong = importsAmong(files).filter(
      ({ from, to, isPackage }) =>
        !isPackage && DRIVERS.includes(top(to)) && top(to) !== top(from) && top(to) !== "harness",
    );
    expectNone("code that two of them need belongs in harness/", wrong.map(show));
  });
});

describe("in the server", () => {
  const NOT_NOUNS = ["db", "http", "commands", "testing"];
  const noun = (path: string) => {
    const parts = path.split("/");
    return parts[0] === "server" && parts.length > 2 && !NOT_NOUNS.includes(parts[1] as string)
      ? parts[1]
      : undefined;
  };

  function layerOf(path: string): number | undefined {
    if (path === "server/main.ts") return 0;
    if (path.startsWith("server/commands/")) return 1;
    if (/^server\/(server|services|ports|background|storage|certificate-changes)\.ts$/.test(path)) return 2;
    if (path.startsWith("server/http/")) return 3;
    if (path.startsWith("server/db/")) return 8;
    // The services that routes receive: a rule that takes them depends on everything.
    if (path === "server/route-handler.ts") return 5;
    if (noun(path) === undefined) return undefined;
    if (path.endsWith("-routes.ts")) return 4;
    return path.endsWith("-store.ts") ? 7 : 6;
  }

  test("imports go main → commands → server → http → routes → noun → store → db, never back", () => {
    expectNone(
      "a layer depends only on later ones, so that it can be read, tested and replaced without the earlier ones",
      goingBack(below("server"), layerOf).map(show),
    );
  });

  test("a noun uses another noun's rules, never its store or its routes", () => {
    const wrong = importsAmong(below("server")).filter(({ from, to }) => {
      const [own, other] = [noun(from), noun(to)];
      return own !== undefined && other !== undefined && own !== other && /-(store|routes)\.ts$/.test(to);
    });
    expectNone("code that writes another noun's tables bypasses its rules", wrong.map(show));
  });

  /** Files that tie folders together: those at the top, and the one that lists every noun's routes. */
  const isWiring = (file: string) => dirname(file) === "server" || file === "server/http/app.ts";

  test("the folders import each other without a cycle", () => {
    const files = below("server").filter((file) => !isWiring(file));
    expectNone("two folders that need each other are one folder", cyclesOf(files));
  });

  test("shared files at the top of server/ import no layer except db", () => {
    const leaves = below("server").filter((file) => layerOf(file) === undefined && !file.endsWith(".d.ts"));
    const wrong = importsAmong(leaves).filter(({ to }) => (layerOf(to) ?? 8) < 8);
    expectNone("otherwise every file that uses them would depend on that layer indirectly", wrong.map(show));
  });
});

describe("in the console", () => {
  const part = (path: string) =>
    path.startsWith("console/src/") ? (path.split("/")[2] as string) : undefined;
  const LAYERS = ["main.tsx", "routes.tsx", "pages", "components", "ui"];

  function layerOf(path: string): number | undefined {
    const layer = LAYERS.indexOf(part(path) ?? "");
    return layer < 0 ? undefined : layer;
  }

  test("imports go main → routes → pages → components → ui, never back", () => {
    expectNone(
      "a component that depends on a page cannot be used on another one",
      goingBack(below("console"), layerOf).map(show),
    );
  });

  test("an area of pages never imports another", () => {
    const area = (path: string) => (part(path) === "pages" ? path.split("/")[3] : undefined);
    const wrong = importsAmong(below("console")).filter(({ from, to }) => {
      const [own, other] = [area(from), area(to)];
      return own !== undefined && other !== undefined && own !== other;
    });
    expectNone("code that two pages need is a component", wrong.map(show));
  });

  test("ui does not depend on the product", () => {
    const wrong = importsAmong(below("console/src/ui")).filter(
      ({ to, isPackage }) => !isPackage && part(to) !== "ui" && !to.endsWith(".css"),
    );
    expectNone("ui/ fits any product: components/ is for ours", wrong.map(show));
  });
});

describe("in the sensor", () => {
  const LAYERS = [
    ["main.ts"],
    ["commands"],
    ["updates"],
    ["service"],
    ["reporting"],
    ["enrollment"],
    ["transport", "state"],
    ["inventory"],
    ["collectors"],
  ] as const;

  function layerOf(path: string): number | undefined {
    const [program, room = ""] = path.split("/");
    if (program !== "sensor") return undefined;
    const layer = LAYERS.findIndex((rooms) => (rooms as readonly string[]).includes(room));
    return layer < 0 ? undefined : layer;
  }

  test("imports go main → commands → updates → service → reporting → enrollment → transport, state → inventory → collectors, never back", () => {
    expectNone(
      "a collector reads facts and does not depend on their use",
      goingBack(below("sensor"), layerOf).map(show),
    );
  });

  test("transport and state do not import each other", () => {
    const wrong = importsAmong(below("sensor")).filter(
      ({ from, to }) => layerOf(from) === 6 && layerOf(to) === 6 && from.split("/")[1] !== to.split("/")[1],
    );
    expectNone("files on the disk and the connection are independent", wrong.map(show));
  });

  test("shared files at the top of sensor/ import no layer", () => {
    const leaves = below("sensor").filter((file) => layerOf(file) === undefined);
    const wrong = importsAmong(leaves).filter(({ to }) => layerOf(to) !== undefined);
    expectNone("every file may use them, so they would tie all layers together", wrong.map(show));
  });
});

test("the rules find files and imports", () => {
  expect(CODE.length).toBeGreaterThan(50);
  expect(importsAmong(CODE).length).toBeGreaterThan(100);
});
