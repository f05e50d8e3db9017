import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { runCollector } from "../collect.ts";
import { openHostFiles } from "../host-files.ts";
import { parseAnacrontab, parseCrontab } from "./crontab.ts";
import { collectJobs } from "./jobs.ts";
import { firstProgram } from "./shell-program.ts";

test.each([
  ["/usr/bin/backup --password=hunter2", "/usr/bin/backup"],
  ["PGPASSWORD=hunter2 /usr/bin/pg_dump -U app", "/usr/bin/pg_dump"],
  ["PGPASSWORD='hunter2 and /bin/more' /usr/bin/pg_dump", "/usr/bin/pg_dump"],
  ['TOKEN="$(cat /etc/token; echo x)" curl https://user:hunter2@example.org/', "curl"],
  ["cd / && run-parts --report /etc/cron.hourly", "run-parts"],
  ["test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )", "run-parts"],
  ["command -v debian-sa1 > /dev/null && debian-sa1 1 1", "debian-sa1"],
  [
    "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
    "/usr/lib/php/sessionclean",
  ],
  [">/dev/null 2>&1 /bin/true-work", "/bin/true-work"],
  ["$HOME/bin/run.sh", "$HOME/bin/run.sh"],
  ["'/opt/my tools/run' now", "/opt/my tools/run"],
  ["exec nohup /bin/x", "/bin/x"],
  ["https://user:hunter2@example.org/run.sh", undefined],
  ["$(cat /etc/secret)", undefined],
  ["'hunter 2'", undefined],
  ["for x in hunter2 b; do /bin/x; done", undefined],
  ["", undefined],
  ["# nothing", undefined],
])("the program of %j is %p", (command, program) => {
  expect(firstProgram(command)).toBe(program);
});

test("a secret in an argument, a variable or the input is in no program", () => {
  const secret = "hunter2";
  const quoted = fc.constantFrom(
    secret,
    `'${secret}'`,
    `"a ${secret}"`,
    `$(echo ${secret})`,
    `\`echo ${secret}\``,
  );
  const word = fc.oneof(
    quoted,
    fc.constantFrom("-p", ">", "out", "2>&1", "|", "&&", ";", "(", ")", "/bin/x", "A="),
  );
  fc.assert(
    fc.property(quoted, fc.array(word, { maxLength: 12 }), (value, words) => {
      // A word after an operator is in the place of a program, so that no secret is put there.
      const tail = words.map((one, index) =>
        one.includes(secret) && /[|&;(]$/.test(words[index - 1] ?? "") ? "/bin/y" : one,
      );
      expect(firstProgram(`A=${value} B=${value} /bin/run ${tail.join(" ")}`)).toBe("/bin/run");
    }),
  );
});

// If the time grew with the square of the length, the tests would reach their timeout.
test("scans a command of a megabyte", () => {
  for (const part of ["$(", "'", '"', "A=", "((", "| ", "if ", "`"]) firstProgram(part.repeat(500_000));
});

test("parses the crontab of the system and of a user", () => {
  const text = [
    "SHELL=/bin/sh",
    "PATH = /usr/bin",
    "# m h dom mon dow user command",
    "17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly",
    "@reboot www /usr/bin/start --token x%secret input",
    "*/5 1-3,7 * jan MON root /bin/a",
    "-*/15 * * * * root /bin/quiet",
    "not a line",
    "1 2 3 4",
    "",
  ].join("\n");
  expect([...parseCrontab(text, { hasUser: true })]).toEqual([
    { schedule: "17 * * * *", user: "root", program: "run-parts" },
    { schedule: "@reboot", user: "www", program: "/usr/bin/start" },
    { schedule: "*/5 1-3,7 * jan MON", user: "root", program: "/bin/a" },
    { schedule: "-*/15 * * * *", user: "root", program: "/bin/quiet" },
  ]);
  expect([...parseCrontab("0 4 * * 1 /bin/a b\n", { hasUser: false })]).toEqual([
    { schedule: "0 4 * * 1", user: undefined, program: "/bin/a" },
  ]);
});

test("parses anacrontab", () => {
  const text =
    "START_HOURS_RANGE=3-22\n1\t5\tcron.daily\tnice run-parts /etc/cron.daily\n@monthly 45 m /bin/m\n";
  expect([...parseAnacrontab(text)]).toEqual([
    { schedule: "every day, delay 5 minutes", name: "cron.daily", program: "nice" },
    { schedule: "@monthly, delay 45 minutes", name: "m", program: "/bin/m" },
  ]);
});

test("finds the jobs of every scheduler", () => {
  using host = makeRoot(
    [
      ...["-- /etc/debian_version", "12.5", "-- /etc/passwd", "root:x:0:0::/root:/bin/sh"],
      ...["-- /etc/cron.d/php", "09,39 * * * * root /usr/lib/php/sessionclean"],
      ...["-- /etc/cron.d/ignored.dpkg-old", "1 1 1 1 1 root /bin/no"],
      ...["-- /etc/cron.daily/apt-compat", "#!/bin/sh", "-- /etc/cron.daily/README", "text"],
      ...["-- /var/spool/cron/crontabs/alice", "0 4 * * * /home/alice/bin/x", "0 4 * * * /home/alice/bin/x"],
      ...["-- /var/spool/cron/atjobs/a0000201b3c4d5", "secret", "-- /var/spool/cron/atjobs/.SEQ", "2"],
      "-- /etc/systemd/system/timers.target.wants/apt.timer -> /lib/systemd/system/apt.timer",
      ...[
        "-- /lib/systemd/system/apt.timer",
        "[Timer]",
        "OnCalendar=*-*-* 6,18:00",
        "RandomizedDelaySec=12h",
      ],
      ...["OnBootSec=15min", "[Install]", "WantedBy=timers.target"],
      ...["-- /lib/systemd/system/off.timer", "[Timer]", "OnCalendar=daily", "Unit=other.service"],
      ...["[Install]", "WantedBy=timers.target", "-- /etc/systemd/system/gone.timer -> /dev/null"],
      ...["-- /lib/systemd/system/static.timer", "[Timer]", "OnUnitActiveSec=1d", ""],
    ].join("\n"),
  );
  chmodSync(join(host.root, "etc/cron.daily/apt-compat"), 0o755);
  writeFileSync(join(host.root, "etc/cron.d/empty"), "");
  const found = JSON.parse(JSON.stringify([...collectJobs(openHostFiles(host.root))])) as { key: string }[];
  expect(found.map(({ key, ...job }) => job)).toEqual([
    {
      kind: "timer",
      name: "gone.timer",
      schedule: [],
      enabled: false,
      source: "/etc/systemd/system/gone.timer",
    },
    {
      kind: "timer",
      name: "apt.timer",
      schedule: ["OnCalendar=*-*-* 6,18:00", "OnBootSec=15min"],
      enabled: true,
      unit: "apt.service",
      source: "/lib/systemd/system/apt.timer",
    },
    {
      kind: "timer",
      name: "off.timer",
      schedule: ["OnCalendar=daily"],
      enabled: false,
      unit: "other.service",
      source: "/lib/systemd/system/off.timer",
    },
    {
      kind: "timer",
      name: "static.timer",
      schedule: ["OnUnitActiveSec=1d"],
      unit: "static.service",
      source: "/lib/systemd/system/static.timer",
    },
    {
      kind: "cron",
      name: "sessionclean",
      schedule: ["09,39 * * * *"],
      user: "root",
      program: "/usr/lib/php/sessionclean",
      source: "/etc/cron.d/php",
    },
    ...Array(2).fill({
      kind: "cron",
      name: "x",
      schedule: ["0 4 * * *"],
      user: "alice",
      program: "/home/alice/bin/x",
      source: "/var/spool/cron/crontabs/alice",
    }),
    {
      kind: "cron",
      name: "apt-compat",
      schedule: ["daily"],
      user: "root",
      program: "/etc/cron.daily/apt-compat",
      source: "/etc/cron.daily",
    },
    {
      kind: "at",
      name: "a00002",
      schedule: [],
      user: "root",
      runsAt: "2024-04-19T07:49:00Z",
      source: "/var/spool/cron/atjobs/a0000201b3c4d5",
    },
  ]);
  expect(new Set(found.map(({ key }) => key)).size).toBe(found.length);
});

test("a crontab that cannot be read is a gap, and not the absence of cron", async () => {
  using host = makeRoot("-- /etc/crontab/\n");
  expect(await runCollector(collectJobs, host.root)).toMatchObject({
    status: "collected",
    items: [],
    gaps: [{ subject: "/etc/crontab" }],
  });
  using none = makeRoot("-- /etc/\n");
  expect(await runCollector(collectJobs, none.root)).toMatchObject({ status: "absent" });
});

const systemctl = Bun.which("systemctl");

test.skipIf(!systemctl)(`timers match systemctl${systemctl ? "" : " (skipped: no systemctl)"}`, () => {
  const lines = Bun.spawnSync(["systemctl", "list-unit-files", "--type=timer", "--no-legend", "--no-pager"])
    .stdout.toString()
    .split("\n");
  const expected = lines.flatMap((line) => {
    const [name = "", state = ""] = line.trim().split(/\s+/);
    return name === "" || name.includes("@.") || state === "alias" ? [] : name;
  });
  const found = [...collectJobs(openHostFiles())].flatMap(({ kind, name }) => (kind === "timer" ? name : []));
  expect(found.sort()).toEqual(expected.sort());
});

test("takes no argument for an account, a field or a program if a line misses one", () => {
  const lines = [
    "0 3 * * * /usr/bin/tool -psecret",
    "0 3 * * * PASSWORD=secret /usr/bin/tool",
    "0 3 * * secret /usr/bin/tool x",
    "0 3 * * root /usr/bin/tool secret",
    "@secret root /usr/bin/tool",
  ];
  expect([...parseCrontab(lines.join("\n"), { hasUser: true })]).toEqual([]);
  expect([...parseCrontab("0 3 * * * -psecret\n", { hasUser: false })]).toEqual([
    { schedule: "0 3 * * *", user: undefined, program: undefined },
  ]);
  expect([...parseAnacrontab("1 5 PASSWORD=secret /usr/bin/tool\n")]).toEqual([]);
  const named = parseCrontab("0 3 1-7 JAN,feb Mon-Fri corp.user a\n@Daily bert b\n", { hasUser: true });
  expect([...named].map(({ schedule, user }) => [schedule, user])).toEqual([
    ["0 3 1-7 JAN,feb Mon-Fri", "corp.user"],
    ["@Daily", "bert"],
  ]);
});
