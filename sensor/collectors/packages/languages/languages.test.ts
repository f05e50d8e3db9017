// Packages of programming languages on hosts that are made here, with processes as /proc shows them.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { packageItem } from "@attacklens/protocol/inventory/packages.ts";
import fc from "fast-check";
import { drawnCases } from "../../../../harness/long-tests.ts";
import { makeRoot } from "../../../testdata/unpack-machine.ts";
import { LOADED_AT, makeElf } from "../../../testing/elf-file.ts";
import { makeZip } from "../../../testing/zip-file.ts";
import { openHostFiles } from "../../host-files.ts";
import { collectPackages } from "../packages.ts";
import { parseModules } from "./go.ts";
import { parseManifest } from "./jar.ts";
import { findScript } from "./npm.ts";
import { parseMetadata } from "./python.ts";

function collect(text: string, binaries: Record<string, Uint8Array> = {}) {
  using host = makeRoot(text);
  return collectRoot(host.root, binaries);
}

function collectRoot(root: string, binaries: Record<string, Uint8Array> = {}) {
  for (const [path, content] of Object.entries(binaries)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const files = openHostFiles(root);
  const items = [...collectPackages(files)];
  for (const item of items) packageItem.parse(JSON.parse(JSON.stringify(item)));
  return { items, gaps: files.listGaps() };
}

const facts = (items: readonly Item<"packages">[]) =>
  items.map(({ name, version, location }) => [name, version, location]);

/** A process with its program, working folder and arguments. */
const process = (pid: number, exe: string, cwd: string, ...args: string[]) =>
  `-- /proc/${pid}/exe -> ${exe}\n-- /proc/${pid}/cwd -> ${cwd}\n-- /proc/${pid}/cmdline\n${args.map((arg) => `${arg}\0`).join("")}\n`;

const distInfo = (site: string, name: string, version: string) =>
  `-- ${site}/${name}-${version}.dist-info/METADATA\nMetadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n\nVersion: 9\n`;

test("Python: packages of the system, with either kind of metadata", () => {
  const site = "/usr/lib/python3/dist-packages";
  const { items } = collect(
    [
      distInfo(site, "Foo.Bar__baz", "1.0+local"),
      `-- ${site}/PyYAML-6.0.egg-info\nName: PyYAML\nVersion: 6.0\n`,
      `-- ${site}/six-1.16.0-py3.11.egg-info/PKG-INFO\nMetadata-Version: 1.0\n`,
      `-- ${site}/old-2.0-py3.11.egg/EGG-INFO/PKG-INFO\nName: old\nVersion: 2.0\n`,
      `-- ${site}/~gone-1.0.dist-info/METADATA\nName: gone\nVersion: 1.0\n`,
      distInfo("/usr/local/lib/python3.12/site-packages", "foo-bar-baz", "2"),
      "-- /usr/local/lib64 -> lib\n",
    ].join(""),
  );
  expect(facts(items)).toEqual([
    ["Foo.Bar__baz", "1.0+local", site],
    ["PyYAML", "6.0", site],
    ["old", "2.0", site],
    ["six", "1.16.0", site],
    ["foo-bar-baz", "2", "/usr/local/lib/python3.12/site-packages"],
  ]);
  expect(items[0]).toMatchObject({
    key: `pip:Foo.Bar__baz:${site}`,
    purl: "pkg:pypi/foo-bar-baz@1.0%2Blocal",
  });
});

test("Python: the virtual environments of applications and of running programs", () => {
  const venv = (folder: string, name: string) =>
    `-- ${folder}/pyvenv.cfg\nhome = /usr/bin\n${distInfo(`${folder}/lib/python3.11/site-packages`, name, "1")}`;
  const python = "/usr/bin/python3.11";
  const { items } = collect(
    [
      venv("/opt/app/venv", "known"),
      venv("/opt/pipx/venvs/tool", "pipx-tool"),
      venv("/data/one", "by-interpreter"),
      process(11, python, "/", "/data/one/bin/python", "-m", "http.server"),
      venv("/data/two", "by-script"),
      process(12, python, "/", "python3", "/data/two/bin/gunicorn", "--secret=x"),
      venv("/data/three/.venv", "by-folder"),
      process(13, python, "/data/three/src", "python", "main.py"),
      distInfo("/data/four/site-packages", "by-module", "1"),
      `${process(14, python, "/", "python")}-- /proc/14/maps\n7f0-7f1 r-xp 0 08:01 1    /data/four/site-packages/x.so\n`,
      venv("/data/five", "not-running"),
      distInfo("/home/pyenv/3.12/lib/python3.12/site-packages", "of-interpreter", "1"),
      process(15, "/home/pyenv/3.12/bin/python3.12", "/", "python3.12"),
    ].join(""),
  );
  expect(items.map(({ name }) => name).sort()).toEqual(
    ["known", "pipx-tool", "by-interpreter", "by-script", "by-folder", "by-module", "of-interpreter"].sort(),
  );
});

test("parses metadata up to the first empty line", () => {
  expect(parseMetadata("name: a\r\nVERSION: 1\r\n")).toEqual({ name: "a", version: "1" });
  expect(parseMetadata("\nName: a")).toEqual({});
  expect(parseMetadata(`X: ${"x".repeat(100_000)}\nName: a\nVersion: 1`)).toEqual({
    name: "a",
    version: "1",
  });
});

const packageJson = (folder: string, name: string, version = "1.0.0") =>
  `-- ${folder}/package.json\n${JSON.stringify({ name, version, scripts: { x: "secret" } })}\n`;

test("npm: global packages with those inside them, scopes and a store of pnpm", () => {
  const global = "/usr/lib/node_modules";
  const { items, gaps } = collect(
    [
      packageJson(`${global}/npm`, "npm", "10.0.0"),
      packageJson(`${global}/npm/node_modules/ms`, "ms", "2.1.3"),
      packageJson(`${global}/npm/node_modules/@npmcli/Fs`, "@npmcli/Fs", "3.1.0"),
      packageJson(`${global}/npm/node_modules/ms/dist/esm`, "not-a-package"),
      packageJson(`${global}/.pnpm/ms@1.0.0/node_modules/ms`, "ms", "1.0.0"),
      `-- ${global}/ms -> .pnpm/ms@1.0.0/node_modules/ms\n`,
      packageJson(`${global}/libnpm`, "libnpm"),
      `-- ${global}/libnpm/node_modules -> ../npm/node_modules\n`,
      `-- ${global}/broken/package.json\n{"name":\n`,
      `-- ${global}/nameless/package.json\n{"type":"module"}\n`,
    ].join(""),
  );
  expect(facts(items)).toEqual([
    ["ms", "1.0.0", `${global}/.pnpm/ms@1.0.0/node_modules/ms`],
    ["libnpm", "1.0.0", `${global}/libnpm`],
    ["npm", "10.0.0", `${global}/npm`],
    ["@npmcli/Fs", "3.1.0", `${global}/npm/node_modules/@npmcli/Fs`],
    ["ms", "2.1.3", `${global}/npm/node_modules/ms`],
  ]);
  expect(items[3]?.purl).toBe("pkg:npm/%40npmcli/fs@3.1.0");
  expect(gaps).toEqual([
    { kind: "damaged", subject: `${global}/broken/package.json`, reason: "it is not JSON" },
  ]);
});

test("npm: the application that a running program belongs to", () => {
  const node = "/usr/bin/node";
  const { items } = collect(
    [
      packageJson("/data/web", "web", "0.1.0"),
      packageJson("/data/web/node_modules/express", "express", "4.18.2"),
      process(
        21,
        node,
        "/",
        "node",
        "--require",
        "./x.js",
        "--max-old-space-size=1",
        "/data/web/dist/server.js",
        "--token=x",
      ),
      packageJson("/data/titled", "titled"),
      process(22, node, "/data/titled", "my worker"),
      packageJson("/data/idle", "idle"),
      packageJson("/opt/known/node_modules/left-pad", "left-pad"),
    ].join(""),
  );
  expect(items.map(({ name }) => name).sort()).toEqual(["express", "left-pad", "titled", "web"]);
});

test("npm: trusts the record of a tree only if nothing was added or removed since", () => {
  const modules = "/opt/app/node_modules";
  using host = makeRoot(
    [
      packageJson(`${modules}/a`, "a", "1.0.0"),
      packageJson(`${modules}/b`, "real-b", "2.0.0"),
      `-- ${modules}/.package-lock.json\n${JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { name: "recorded-b", version: "2.0.0" }, "node_modules/link": { link: true } } })}\n`,
    ].join(""),
  );
  const names = () => collectRoot(host.root).items.map(({ name }) => name);
  const later = (path: string) => utimesSync(join(host.root, path), 2_000_000_000, 2_000_000_000);
  later(`${modules}/.package-lock.json`);
  expect(names()).toEqual(["a", "recorded-b"]);
  utimesSync(join(host.root, modules), 2_000_000_001, 2_000_000_001);
  expect(names()).toEqual(["a", "real-b"]);
});

test("npm: finds the script after the options of the runtime", () => {
  expect(findScript(["node", "-r", "x", "--import", "y", "--inspect", "app.js", "z"])).toBe("app.js");
  expect(findScript(["node", "-e", "code"])).toBeUndefined();
  expect(findScript(["bun", "run", "app.ts"])).toBe("app.ts");
  expect(findScript([])).toBeUndefined();
});

test("RubyGems: specifications of the system, of applications, and of running programs", () => {
  const stub = (path: string, stub: string) =>
    `-- ${path}.gemspec\n# -*- encoding: utf-8 -*-\n# stub: ${stub} lib\n`;
  const { items } = collect(
    [
      stub("/var/lib/gems/3.1.0/specifications/nokogiri-1.16.0-x86_64-linux", "nokogiri 1.16.0 x86_64-linux"),
      stub("/usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1", "json 2.6.1 ruby"),
      "-- /usr/lib/ruby/gems/3.1.0/specifications/net-http-0.3.0.gemspec\nGem::Specification.new\n",
      stub(
        "/usr/lib/x86_64-linux-gnu/rubygems-integration/3.1.0/specifications/sdbm-1.0.0",
        "sdbm 1.0.0 ruby",
      ),
      stub("/opt/chef/embedded/lib/ruby/gems/3.1.0/specifications/ohai-18.1.0", "ohai 18.1.0 ruby"),
      stub("/data/shop/vendor/bundle/ruby/3.1.0/specifications/rails-7.0.4", "rails 7.0.4 ruby"),
      process(31, "/usr/bin/ruby3.1", "/data/shop", "puma 6.0"),
      stub("/data/gems/specifications/puma-6.0.0", "puma 6.0.0 ruby"),
      "-- /proc/31/maps\n7f0-7f1 r-xp 0 08:01 1    /data/gems/extensions/x86_64-linux/3.1.0/puma-6.0.0/puma_http11.so\n",
    ].join(""),
  );
  expect(items.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(
    [
      "nokogiri 1.16.0",
      "json 2.6.1",
      "net-http 0.3.0",
      "sdbm 1.0.0",
      "ohai 18.1.0",
      "rails 7.0.4",
      "puma 6.0.0",
    ].sort(),
  );
  expect(items.map(({ purl }) => purl)).toContain("pkg:gem/nokogiri@1.16.0?platform=x86_64-linux");
});

test("Cargo: installed crates, and those that a program has embedded", () => {
  const list = {
    packages: [
      { name: "app", version: "0.1.0", root: true },
      { name: "regex", version: "1.10.2", kind: "runtime" },
      { name: "cc", version: "1.0.83", kind: "build" },
    ],
  };
  const { items } = collect(
    [
      '-- /root/.cargo/.crates2.json\n{"installs":{"ripgrep 14.1.0 (registry+https://x)":{"bins":["rg"]}}}\n',
      process(41, "/srv/app/server", "/", "server"),
    ].join(""),
    { "/srv/app/server": makeElf(".dep-v0", () => deflateSync(JSON.stringify(list))) },
  );
  expect(facts(items)).toEqual([
    ["ripgrep", "14.1.0", "/root/.cargo"],
    ["app", "0.1.0", "/srv/app/server"],
    ["regex", "1.10.2", "/srv/app/server"],
  ]);
  expect(items[2]?.purl).toBe("pkg:cargo/regex@1.10.2");
});

const MARK = "m".repeat(16);
const MODULES = `${MARK}path\texample.org/App/cmd\nmod\texample.org/App\t(devel)\t\ndep\tgithub.com/A/b\tv1.2.3+incompatible\th1:x\ndep\tgithub.com/c/d\tv1.0.0\n=>\tgithub.com/e/d\tv1.0.1\th1:y\ndep\tgithub.com/f/g\tv1.0.0\n=>\t./local\t(devel)\t\nbuild\t-ldflags="-X main.password=secret"\n${MARK}`;

function goProgram(version: string, modules: string): Buffer {
  const text = (value: string) =>
    Buffer.from([(value.length & 127) | 128, value.length >> 7, ...Buffer.from(value)]);
  return makeElf(".go.buildinfo", () => {
    const header = Buffer.alloc(32);
    header.write("\xff Go buildinf:\x08\x02", "latin1");
    return Buffer.concat([header, text(version), text(modules)]);
  });
}

/** As Go wrote it before 1.18: pointers to texts. */
function olderGoProgram(version: string, modules: string): Buffer {
  return makeElf(".go.buildinfo", (offset) => {
    const bytes = Buffer.alloc(64);
    bytes.write("\xff Go buildinf:\x08\x00", "latin1");
    const address = (at: number) => BigInt(LOADED_AT + offset + at);
    const texts = [version, modules];
    for (const [index, text] of texts.entries()) {
      const start = index === 0 ? 64 : 64 + version.length;
      bytes.writeBigUInt64LE(address(32 + index * 16), 16 + index * 8);
      bytes.writeBigUInt64LE(address(start), 32 + index * 16);
      bytes.writeBigUInt64LE(BigInt(text.length), 40 + index * 16);
    }
    return Buffer.concat([bytes, Buffer.from(texts.join(""))]);
  });
}

test.each([
  ["today", goProgram],
  ["before 1.18", olderGoProgram],
])("Go: the modules of a program, as Go writes them %s", (_, make) => {
  const { items } = collect("-- /etc/x\n", { "/usr/local/bin/tool": make("go1.22.1 X:nocoverage", MODULES) });
  expect(items.map(({ name, version, purl }) => [name, version, purl])).toEqual([
    ["stdlib", "1.22.1", "pkg:golang/stdlib@1.22.1"],
    ["example.org/App", "", "pkg:golang/example.org/app"],
    ["github.com/A/b", "v1.2.3+incompatible", "pkg:golang/github.com/a/b@v1.2.3%2Bincompatible"],
    ["github.com/e/d", "v1.0.1", "pkg:golang/github.com/e/d@v1.0.1"],
    ["github.com/f/g", "v1.0.0", "pkg:golang/github.com/f/g@v1.0.0"],
  ]);
  expect(JSON.stringify(items)).not.toContain("secret");
});

test("Go: a program that was built without modules has only its path", () => {
  expect(parseModules("path\tgithub.com/a/b/cmd/x\nbuild\tCGO_ENABLED=1\n")).toEqual([
    { name: "github.com/a/b/cmd/x", version: "" },
  ]);
  expect(parseModules("path\tcommand-line-arguments\n")).toEqual([]);
});

const REAL_GO = join(import.meta.dir, "../../../../node_modules/@typescript/typescript-linux-x64/lib/tsc");
test.skipIf(!existsSync(REAL_GO))(
  "Go: reads a program that Go's linker wrote (skipped: not on this platform)",
  () => {
    using host = makeRoot(`-- /usr/local/bin/tsc <- ${REAL_GO.split("/").at(-1)}\n`, dirname(REAL_GO));
    const { items } = collectRoot(host.root);
    expect(items.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["stdlib", "github.com/microsoft/typescript-go", "golang.org/x/sys"]),
    );
  },
);

const POM = "META-INF/maven/org.example/lib/pom.properties";
const pom = (artifact: string, version: string) =>
  `#Generated\nversion=${version}\r\ngroupId=org.example\nartifactId=${artifact}\n`;

test("Maven: jars in known places and of running programs, with jars inside them", () => {
  const plain = makeZip({ [POM]: pom("lib", "1.0") });
  const named = makeZip({
    "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Version: 7\r\n -beta\r\n",
  });
  const fat = makeZip(
    {
      [POM]: pom("app", "3.0"),
      "BOOT-INF/lib/lib-1.0.jar": plain,
      "BOOT-INF/lib/guava-32.1.jar": named,
      "BOOT-INF/classes/x.class": "x",
    },
    false,
  );
  const war = makeZip({ "WEB-INF/lib/lib.jar": plain, "WEB-INF/lib/inner.jar": fat });
  const { items, gaps } = collect(
    [
      process(51, "/usr/lib/jvm/17/bin/java", "/data", "java", "-Dpassword=x", "-jar", "app.jar"),
      "-- /proc/51/fd/4 -> /data/open.jar\n-- /proc/51/fd/5 -> socket:[1]\n",
      process(52, "/usr/bin/java", "/", "java", "-cp", "/data/cp/a.jar:/data/all/*", "Main"),
    ].join(""),
    {
      "/usr/share/java/lib.jar": plain,
      "/data/app.jar": fat,
      "/data/open.jar": named,
      "/data/cp/a.jar": makeZip({ [POM]: pom("a", "1") }),
      "/data/all/b.jar": makeZip({ [POM]: pom("b", "1") }),
      "/var/lib/tomcat10/webapps/shop.war": war,
      "/opt/x/lib/broken.jar": Buffer.from("not a jar"),
    },
  );
  expect(facts(items).sort()).toEqual(
    [
      ["org.example:lib", "1.0", "/usr/share/java/lib.jar"],
      ["org.example:app", "3.0", "/data/app.jar"],
      ["org.example:lib", "1.0", "/data/app.jar!/BOOT-INF/lib/lib-1.0.jar"],
      ["guava", "32.1", "/data/app.jar!/BOOT-INF/lib/guava-32.1.jar"],
      ["open", "7-beta", "/data/open.jar"],
      ["org.example:a", "1", "/data/cp/a.jar"],
      ["org.example:b", "1", "/data/all/b.jar"],
      ["org.example:lib", "1.0", "/var/lib/tomcat10/webapps/shop.war!/WEB-INF/lib/lib.jar"],
      ["org.example:app", "3.0", "/var/lib/tomcat10/webapps/shop.war!/WEB-INF/lib/inner.jar"],
      [
        "org.example:lib",
        "1.0",
        "/var/lib/tomcat10/webapps/shop.war!/WEB-INF/lib/inner.jar!/BOOT-INF/lib/lib-1.0.jar",
      ],
      [
        "guava",
        "32.1",
        "/var/lib/tomcat10/webapps/shop.war!/WEB-INF/lib/inner.jar!/BOOT-INF/lib/guava-32.1.jar",
      ],
    ].sort(),
  );
  expect(items.find(({ name }) => name === "org.example:app")?.purl).toBe("pkg:maven/org.example/app@3.0");
  expect(items.find(({ name }) => name === "guava")?.purl).toBeUndefined();
  expect(gaps).toEqual([
    { kind: "damaged", subject: "/opt/x/lib/broken.jar", reason: "it is not a zip file" },
  ]);
});

test("Maven: an entry that claims more than it may have is a gap", () => {
  const bomb = makeZip({ "BOOT-INF/lib/a.jar": Buffer.alloc(60 * 1024 * 1024) });
  const { items, gaps } = collect("-- /etc/x\n", { "/opt/app/app-1.0.jar": bomb });
  expect(items.map(({ name }) => name)).toEqual(["app"]);
  expect(gaps).toMatchObject([{ kind: "limit", subject: "/opt/app/app-1.0.jar!/BOOT-INF/lib/a.jar" }]);
});

test("parses a manifest with continued lines, and only its main section", () => {
  const manifest = parseManifest("A: 1\r\n 2\r\nB:3\r\n\r\nName: x\r\nC: 4\r\n");
  expect([...manifest]).toEqual([
    ["a", "12"],
    ["b", "3"],
  ]);
});

test.each([
  ["/usr/local/bin/go", goProgram("go1.22.1", MODULES)],
  ["/usr/local/bin/older-go", olderGoProgram("go1.16", MODULES)],
  ["/usr/local/bin/rust", makeElf(".dep-v0", () => deflateSync('{"packages":[{"name":"a","version":"1"}]}'))],
  ["/opt/app/a.jar", makeZip({ [POM]: pom("a", "1"), "b.jar": makeZip({ [POM]: pom("b", "1") }) })],
])("damage of %s anywhere is a gap, and no more", (path, whole) => {
  using host = makeRoot("-- /var/lib/dpkg/status\nPackage: a\nStatus: install ok installed\n\n");
  const place = fc.integer({ min: 0, max: whole.length - 1 });
  fc.assert(
    fc.property(place, fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 8 }), (length, changes) => {
      const damaged = Buffer.from(whole);
      for (const [at, byte] of changes) damaged[at] = byte;
      const file = changes.length === 0 ? damaged.subarray(0, length) : damaged;
      expect(collectRoot(host.root, { [path]: file }).items.length).toBeGreaterThan(0);
    }),
    { numRuns: drawnCases(300) },
  );
});
