import { describe, expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { collectServices } from "./services.ts";
import { lastOf, parseUnitFile } from "./unit-file.ts";
import { expandSpecifiers, isUnitName, templateOf, withInstance } from "./unit-name.ts";

describe("a unit file", () => {
  test("joins continued lines across comments, and an empty assignment clears a list", () => {
    const settings = parseUnitFile(`; a comment
[Service]
ExecStart=/bin/a \\
# inside
  --flag
Environment=A=1
[Install]
WantedBy=a.target  b.target
`);
    expect(settings.get("Service.ExecStart")).toEqual(["/bin/a --flag"]);
    expect(settings.get("Service.Environment")).toEqual(["A=1"]);
    parseUnitFile("[Service]\nExecStart=\nExecStart=/bin/b\n", settings);
    expect(settings.get("Service.ExecStart")).toEqual(["/bin/b"]);
    expect(lastOf(settings, "Unit.Description")).toBeUndefined();
  });

  test("with invalid lines is parsed as far as possible", () => {
    expect(parseUnitFile("\0\u0001[[[\n=\n==\n[Unit\nDescription=x\n\\\n\\").get("Unit.Description")).toEqual(
      ["x"],
    );
  });
});

test("distinguishes templates, instances and invalid service names", () => {
  expect(templateOf("getty@tty1.service")).toBe("getty@.service");
  expect(templateOf("getty@.service")).toBeUndefined();
  expect(withInstance("getty@.service", "tty2")).toBe("getty@tty2.service");
  expect(expandSpecifiers("%p-%i-%%-%n", "a@b.service")).toBe("a-b-%-a@b.service");
  expect(["ssh.service", "@.service", "a\nb.service", "ssh.socket", "-.service"].map(isUnitName)).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
});

test("expands specifiers by the unit's name, and keeps those of a template", () => {
  expect(expandSpecifiers("%i|%I|%j|%f|%S", "a-b@c-d\\x2de.service")).toBe(
    "c-d\\x2de|c/d-e|b|/c/d-e|/var/lib",
  );
  expect(expandSpecifiers("%i %p %x", "a@.service")).toBe("%i a %x");
});

/** The service item of each unit, without the facts that the test does not name. */
async function itemsOf(text: string) {
  using host = makeRoot(text);
  return await Array.fromAsync(collectServices(openHostFiles(host.root)));
}

describe("a service item", () => {
  test("has the program's path, and no secret of a unit file", async () => {
    const items = await itemsOf(`-- /etc/systemd/system/exporter.service
[Unit]
Description=Exporter
[Service]
Environment=TOKEN=hunter2
ExecStartPre=/bin/sh -c 'echo hunter2'
ExecStart=/usr/bin/exporter --password=hunter2 \\
  https://user:hunter2@db.example/
ExecStart=/usr/bin/second hunter2
-- /etc/systemd/system/exporter.service.d/10-more.conf
[Service]
ExecStart=
ExecStart=-"/opt/exporter" 'hunter2'
-- /etc/systemd/system/exporter.socket
[Socket]
ListenStream=0.0.0.0:9100
ListenStream=/run/%p.sock
`);
    expect(JSON.stringify(items)).not.toContain("hunter2");
    expect(items).toMatchObject([
      { name: "exporter.service", kind: "service", command: "/opt/exporter", user: "root" },
      { name: "exporter.socket", kind: "socket", listens: ["0.0.0.0:9100", "/run/exporter.sock"] },
    ]);
  });

  test("has the account: by name or id, of a template, dynamic, or reset by a drop-in", async () => {
    const unit = (name: string, lines: string) =>
      `-- /etc/systemd/system/${name}\n[Service]\nExecStart=/bin/a\n${lines}\n`;
    const items = await itemsOf(
      `-- /etc/passwd\nroot:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n${[
        unit("by-id.service", "User=33"),
        unit("by-unknown-id.service", "User=4711"),
        unit("dynamic.service", "DynamicUser=yes"),
        unit("dynamic-named.service", "DynamicUser=yes\nUser=x"),
        unit("for@.service", "User=%i"),
        unit("reset.service", "User=web"),
        "-- /etc/systemd/system/reset.service.d/a.conf\n[Service]\nUser=\n",
        "-- /etc/systemd/system/masked.service -> /dev/null\n",
        "-- /etc/systemd/system/for@web.service -> for@.service\n",
      ].join("")}`,
    );
    const accounts = Object.fromEntries(items.map((one) => [one.name, [one.user, one.dynamicUser]]));
    expect(accounts).toEqual({
      "by-id.service": ["web", undefined],
      "by-unknown-id.service": ["4711", undefined],
      "dynamic.service": ["dynamic", true],
      "dynamic-named.service": ["x", true],
      "for@.service": [undefined, undefined],
      "for@web.service": ["web", undefined],
      "masked.service": [undefined, undefined],
      "reset.service": ["root", undefined],
    });
  });
});

async function enablements(text: string): Promise<Record<string, string>> {
  using host = makeRoot(text);
  const items = await Array.fromAsync(collectServices(openHostFiles(host.root)));
  return Object.fromEntries(items.map(({ name, enablement }) => [name, enablement]));
}

describe("enablement", () => {
  test("is enabled-runtime if only /run wants the unit", async () => {
    expect(
      await enablements(`-- /usr/lib/systemd/system/a.service
[Install]
WantedBy=multi-user.target
-- /run/systemd/system/multi-user.target.wants/a.service -> /usr/lib/systemd/system/a.service
`),
    ).toEqual({ "a.service": "enabled-runtime" });
  });

  test("is bad for links that form a cycle", async () => {
    expect(
      await enablements(`-- /etc/systemd/system/a.service -> b.service
-- /etc/systemd/system/b.service -> a.service
-- /etc/systemd/system/c.service -> c.service
`),
    ).toEqual({ "a.service": "bad", "b.service": "bad", "c.service": "bad" });
  });

  test("of a unit in /etc takes precedence over the unit of the same name in /usr/lib", async () => {
    expect(
      await enablements(`-- /etc/systemd/system/a.service
[Service]
-- /usr/lib/systemd/system/a.service
[Install]
WantedBy=multi-user.target
`),
    ).toEqual({ "a.service": "static" });
  });
});

describe("running", () => {
  const UNITS = `-- /usr/lib/systemd/system/a.service
[Service]
-- /usr/lib/systemd/system/b.service
[Service]
`;
  async function states(text: string) {
    using host = makeRoot(UNITS + text);
    return (await Array.fromAsync(collectServices(openHostFiles(host.root)))).map(({ state }) => state);
  }

  test("is detected in cgroups v1, also if the processes are in subgroups", async () => {
    expect(
      await states(`-- /run/systemd/system/
-- /sys/fs/cgroup/systemd/system.slice/a.service/cgroup.procs
-- /sys/fs/cgroup/systemd/system.slice/a.service/inner/cgroup.procs
123
-- /sys/fs/cgroup/systemd/system.slice/b.service/cgroup.procs
`),
    ).toEqual(["running", "stopped"]);
  });

  test("is unknown where systemd does not run", async () => {
    expect(await states("-- /sys/fs/cgroup/system.slice/a.service/cgroup.events\npopulated 1\n")).toEqual([
      "unknown",
      "unknown",
    ]);
  });
});
