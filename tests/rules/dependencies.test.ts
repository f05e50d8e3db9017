// CONTRIBUTING.md, "Proposing a change": dependencies are decided, pinned and visible in review.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { CODE, expectNone, FILES, importsAmong, ROOT, readSource } from "./sources.ts";

interface Package {
  name: string;
  version: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const WORKSPACES = ["protocol", "server", "console", "sensor"];
const SCRIPTS = ["start", "demo", "dev", "check", "test", "e2e", "build", "bench"];
const SENSOR_LIST = "tests/rules/sensor-dependencies.txt";

const readPackage = (folder: string): Package => JSON.parse(readSource(join(folder, "package.json")));
const runtime = WORKSPACES.flatMap((folder) =>
  Object.keys(readPackage(folder).dependencies ?? {}).map((name) => ({ folder, name })),
).filter(({ name }) => !name.startsWith("@attacklens/"));

test("every runtime dependency has a decision page with its purpose and the alternative", () => {
  const pages = FILES.filter((file) => file.startsWith("docs/decisions/")).map(readSource);
  const wrong = runtime.filter(({ name }) => !pages.some((page) => page.includes(`\`${name}\``)));
  expectNone(
    "we are responsible for code that we did not write: name the package as `name` in docs/decisions",
    wrong.map(({ folder, name }) => `${name} of ${folder}`),
  );
});

test("every version is pinned", () => {
  const wrong = [".", ...WORKSPACES].flatMap((folder) => {
    const { dependencies, devDependencies } = readPackage(folder);
    return Object.entries({ ...dependencies, ...devDependencies })
      .filter(([, version]) => !/^\d+\.\d+\.\d+/.test(version))
      .map(([name, version]) => `${folder}/package.json: ${name} ${version}`);
  });
  expectNone("two builds of one commit must be the same program", wrong);
});

test("the lock file has the packages of every platform", () => {
  const { packages } = JSON.parse(readSource("package-lock.json")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`])
      .map((name) => `${name} of ${path}`),
  );
  expectNone(
    "npm ci refuses such a lock file: choose a version with packages for all platforms in the registry",
    missing,
  );
});

test("a program imports only packages that its package.json lists", () => {
  const wrong = importsAmong(CODE.filter((file) => WORKSPACES.includes(file.split("/", 1)[0] as string)))
    .filter(({ to, isPackage }) => isPackage && !/^(node:|bun:|bun$)/.test(to))
    .filter(
      ({ from, to }) => !runtime.some(({ folder, name }) => from.startsWith(`${folder}/`) && name === to),
    )
    .map(({ from, to }) => `${from} imports ${to}`);
  expectNone("a transitive dependency may disappear with the next version", wrong);
});

test("the packages in the sensor match the committed list", async () => {
  const names = packagesAmong(Object.keys(await bundleInputs("sensor/main.ts")));
  const list = names.map((name) => `${name}\n`);
  expect(list.join(""), `a new package on every host must be visible in review: change ${SENSOR_LIST}`).toBe(
    readSource(SENSOR_LIST),
  );
});

test("the collectors load no package", async () => {
  expectNone(
    "every inventory starts them, and loading the schemas takes as long as collecting",
    packagesAmong(Object.keys(await bundleInputs("sensor/collectors/collect.ts"))),
  );
});

test("the sensor loads a command only when it runs it", async () => {
  const inputs = await bundleInputs("sensor/main.ts");
  const atStart = (inputs["sensor/main.ts"]?.imports ?? []).filter(({ kind }) => kind !== "dynamic-import");
  expect(atStart.map(({ path }) => path)).toEqual(["sensor/commands/version-line.ts"]);
});

type BundleInputs = Record<string, { imports: { path: string; kind: string }[] }>;

/** The files of a bundle, from the top folder, with their imports. */
async function bundleInputs(entry: string): Promise<BundleInputs> {
  const result = await Bun.build({ entrypoints: [join(ROOT, entry)], target: "bun", metafile: true });
  return result.metafile?.inputs ?? {};
}

function packagesAmong(paths: string[]): string[] {
  const names = paths.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

test("package.json has only the npm scripts that CONTRIBUTING.md explains", () => {
  const { scripts = {} } = readPackage(".");
  expectNone(
    "a new contributor learns eight commands. Another one needs a reason",
    Object.keys(scripts).filter((name) => !SCRIPTS.includes(name)),
  );
});

test("all packages have the version that the programs report", () => {
  const wrong = [".", ...WORKSPACES].filter((folder) => readPackage(folder).version !== RELEASE);
  expectNone(`protocol/version.ts says ${RELEASE}`, wrong);
});
