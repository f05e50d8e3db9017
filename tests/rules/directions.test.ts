// Who may import whom: style rules 1, 2, 3 and 5. A failure names the rule's reason and the import.
import { describe, expect, test } from "bun:test";
import { CODE, expectNone, type Import, importsAmong, SOURCES, TESTS } from "./sources.ts";

const PROGRAMS = ["server", "console", "sensor"];

const show = ({ from, to }: Import) => `${from} imports ${to}`;
const top = (path: string) => path.split("/", 1)[0] as string;
const below = (folder: string, files = CODE) => files.filter((file) => file.startsWith(`${folder}/`));

/** Imports that go back to an earlier layer. A file without a layer may be imported by all. */
function goingBack(files: string[], layerOf: (path: string) => number | undefined): Import[] {
  return importsAmong(files).filter(({ from, to, isPackage }) => {
    const [source, target] = [layerOf(from), layerOf(to)];
    return !isPackage && source !== undefined && target !== undefined && target < source;
  });
}

describe("between the programs", () => {
  test("protocol imports zod and itself, nothing else", () => {
    const wrong = importsAmong(below("protocol")).filter(({ to, isPackage }) =>
      isPackage ? to !== "zod" : top(to) !== "protocol",
    );
    expectNone(
      "protocol/ is what the programs agree on: whatever it imports, all of them carry",
      wrong.map(show),
    );
  });

  test("server, console and sensor never import each other", () => {
    const wrong = PROGRAMS.flatMap((program) =>
      importsAmong(below(program)).filter(
        ({ to, isPackage }) => !isPackage && ![program, "protocol"].includes(top(to)),
      ),
    );
    expectNone("what two programs must agree on is written once, in protocol/", wrong.map(show));
  });

  test("the tests beside the code may also use tests/support, and no other program", () => {
    const wrong = PROGRAMS.flatMap((program) =>
      importsAmong(below(program, TESTS)).filter(
        ({ to, isPackage }) =>
          !isPackage && ![program, "protocol"].includes(top(to)) && !to.startsWith("tests/support/"),
      ),
    );
    expectNone("a test knows the program it tests; what drives several lives in tests/", wrong.map(show));
  });

  test("tests and tasks start programs, they do not import them", () => {
    const files = SOURCES.filter((file) => ["tests", "tasks"].includes(top(file)));
    const wrong = importsAmong(files).filter(
      ({ from, to, isPackage }) => !isPackage && PROGRAMS.includes(top(to)) && from !== "tasks/attacklens.ts",
    );
    expectNone(
      "only the built programs are what users get; tasks/attacklens.ts is what one is built from",
      wrong.map(show),
    );
  });
});

describe("in the server", () => {
  const NOT_NOUNS = ["db", "http", "commands"];
  const noun = (path: string) => {
    const parts = path.split("/");
    return parts[0] === "server" && parts.length > 2 && !NOT_NOUNS.includes(parts[1] as string)
      ? parts[1]
      : undefined;
  };

  function layerOf(path: string): number | undefined {
    if (path === "server/main.ts") return 0;
    if (path.startsWith("server/commands/")) return 1;
    if (path === "server/server.ts") return 2;
    if (path.startsWith("server/http/")) return 3;
    if (path.startsWith("server/db/")) return 7;
    if (noun(path) === undefined) return undefined;
    if (path.endsWith("-routes.ts")) return 4;
    return path.endsWith("-store.ts") ? 6 : 5;
  }

  test("imports go main → commands → server → http → routes → noun → store → db, never back", () => {
    expectNone(
      "a layer knows only those behind it: so each can be read, tested and replaced without those before it",
      goingBack(below("server"), layerOf).map(show),
    );
  });

  test("a noun uses another noun's rules, never its store or its routes", () => {
    const wrong = importsAmong(below("server")).filter(({ from, to }) => {
      const [own, other] = [noun(from), noun(to)];
      return own !== undefined && other !== undefined && own !== other && /-(store|routes)\.ts$/.test(to);
    });
    expectNone("who writes another noun's tables goes around its rules", wrong.map(show));
  });

  test("files at the top of server/ that everybody may use import none of the layers but db", () => {
    const leaves = below("server").filter((file) => layerOf(file) === undefined && !file.endsWith(".d.ts"));
    const wrong = importsAmong(leaves).filter(({ to }) => (layerOf(to) ?? 7) < 7);
    expectNone("else every file that uses it would depend on that layer by a detour", wrong.map(show));
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
      "a component that knows a page can be used on no other one",
      goingBack(below("console"), layerOf).map(show),
    );
  });

  test("an area of pages never imports another", () => {
    const area = (path: string) => (part(path) === "pages" ? path.split("/")[3] : undefined);
    const wrong = importsAmong(below("console")).filter(({ from, to }) => {
      const [own, other] = [area(from), area(to)];
      return own !== undefined && other !== undefined && own !== other;
    });
    expectNone("what two pages need is a component", wrong.map(show));
  });

  test("ui knows nothing of the product", () => {
    const wrong = importsAmong(below("console/src/ui")).filter(
      ({ to, isPackage }) => !isPackage && part(to) !== "ui" && !to.endsWith(".css"),
    );
    expectNone("ui/ could be any product's: what knows ours is in components/", wrong.map(show));
  });
});

describe("in the sensor", () => {
  function layerOf(path: string): number | undefined {
    if (path === "sensor/main.ts") return 0;
    if (path.startsWith("sensor/commands/")) return 1;
    if (/^sensor\/(collect|report|identity)\.ts$/.test(path)) return 2;
    return path.startsWith("sensor/collectors/") ? 3 : undefined;
  }

  test("imports go main → commands → collect, report, identity → collectors, never back", () => {
    expectNone(
      "a collector reads a fact and knows nothing of who asked for it or where it goes",
      goingBack(below("sensor"), layerOf).map(show),
    );
  });
});

test("the rules have looked at something", () => {
  expect(CODE.length).toBeGreaterThan(50);
  expect(importsAmong(CODE).length).toBeGreaterThan(100);
});
