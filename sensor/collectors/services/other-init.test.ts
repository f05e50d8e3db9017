import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { NotOnThisHost } from "../collector.ts";
import { openHostFiles } from "../host-files.ts";
import { collectServices } from "./services.ts";

async function servicesOf(text: string) {
  using host = makeRoot(text);
  return JSON.parse(JSON.stringify(await Array.fromAsync(collectServices(openHostFiles(host.root)))));
}

test("services of OpenRC have their runlevel, state, program and account", async () => {
  const items = await servicesOf(`-- /run/openrc/softlevel
default
-- /etc/init.d/functions.sh
#!/bin/sh
-- /etc/init.d/nginx
#!/sbin/openrc-run
description="Nginx http server"
command="/usr/sbin/\${RC_SVCNAME}"
command_args="--password=hunter2"
command_user="nginx:www"
start() {
	command=/bin/other
}
-- /etc/init.d/exporter
#!/sbin/openrc-run
command="/usr/bin/exporter --password=hunter2"
-- /etc/conf.d/exporter
command_user="$ACCOUNT"
PASSWORD=hunter2
-- /etc/init.d/hwclock
#!/sbin/openrc-run
command="$undecided"
-- /etc/init.d/crashed
#!/sbin/runscript
-- /etc/runlevels/default/nginx -> /etc/init.d/nginx
-- /etc/runlevels/boot/hwclock -> /etc/init.d/hwclock
-- /run/openrc/started/nginx -> /etc/init.d/nginx
-- /run/openrc/daemons/nginx/001
exec=/usr/sbin/nginx
-- /run/openrc/started/hwclock -> /etc/init.d/hwclock
-- /run/openrc/failed/crashed -> /etc/init.d/crashed
`);
  expect(JSON.stringify(items)).not.toContain("hunter2");
  const common = { kind: "service", manager: "openrc" };
  const named = (name: string) => ({ ...common, key: name, name, file: `/etc/init.d/${name}` });
  expect(items).toEqual([
    { ...named("crashed"), enablement: "disabled", state: "failed", user: "root" },
    { ...named("exporter"), enablement: "disabled", state: "stopped", command: "/usr/bin/exporter" },
    { ...named("hwclock"), enablement: "enabled", state: "exited", user: "root" },
    {
      ...named("nginx"),
      ...{ description: "Nginx http server", enablement: "enabled", state: "running" },
      ...{ command: "/usr/sbin/nginx", user: "nginx" },
    },
  ]);
});

test("OpenRC in an image has no states", async () => {
  const items = await servicesOf(`-- /sbin/openrc
-- /etc/runlevels/default/a -> /etc/init.d/a
-- /etc/init.d/a
#!/sbin/openrc-run
-- /usr/lib/systemd/system/b.service
[Service]
`);
  expect(items).toMatchObject([{ name: "a", manager: "openrc", enablement: "enabled", state: "unknown" }]);
});

test("services of SysV init have their links and their header", async () => {
  const items = await servicesOf(`-- /etc/inittab
id:2:initdefault:
-- /etc/init.d/ssh
#! /bin/sh
### BEGIN INIT INFO
# Short-Description: OpenBSD Secure Shell server
### END INIT INFO
DAEMON_OPTS=--password=hunter2
-- /etc/init.d/off
#!/bin/sh
# description: Turned \\
# off
-- /etc/init.d/README
#!nothing
-- /etc/rc2.d/S03ssh -> ../init.d/ssh
-- /etc/rc2.d/K01off -> ../init.d/off
-- /usr/lib/systemd/system/ssh.service
[Service]
`);
  expect(items).toMatchObject([
    { name: "off", manager: "sysv", enablement: "disabled", state: "unknown", description: "Turned" },
    {
      name: "ssh",
      enablement: "enabled",
      command: "/etc/init.d/ssh",
      description: "OpenBSD Secure Shell server",
    },
  ]);
});

test("services of runit are reported, also beside systemd", async () => {
  const items = await servicesOf(`-- /etc/sv/web/run
#!/bin/sh
exec web --password=hunter2
-- /etc/sv/web/supervise/stat
run
-- /etc/sv/idle/run
#!/bin/sh
-- /etc/sv/off/run
#!/bin/sh
-- /etc/sv/off/down

-- /etc/service/web -> /etc/sv/web
-- /etc/service/off -> /etc/sv/off
-- /usr/lib/systemd/system/a.service
[Service]
`);
  expect(items).toMatchObject([
    { name: "a.service", manager: "systemd" },
    { name: "off", manager: "runit", enablement: "disabled", state: "unknown" },
    { name: "web", enablement: "enabled", state: "running", command: "/etc/service/web/run" },
    { name: "idle", enablement: "disabled", state: "stopped", command: "/etc/sv/idle/run" },
  ]);
});

test("a host without services has none", async () => {
  await expect(servicesOf("-- /etc/hostname\nx\n")).rejects.toThrow(NotOnThisHost);
});
