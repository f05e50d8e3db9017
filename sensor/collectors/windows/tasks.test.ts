import { expect, test } from "bun:test";
import { jobItem } from "@attacklens/protocol/inventory/jobs.ts";
import { makeWindowsDisk, readWindowsFixture } from "../../testing/windows-disk.ts";
import { collectInventory } from "../collect.ts";
import { parseTask } from "./tasks.ts";

/** In the layout of MS-TSCH 2.5. */
const BACKUP = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><URI>\\Backup</URI></RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2024-01-01T03:00:00</StartBoundary>
      <ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek><Monday /><Friday /></DaysOfWeek></ScheduleByWeek>
    </CalendarTrigger>
    <BootTrigger><Enabled>false</Enabled><Repetition><Interval>PT1H</Interval></Repetition></BootTrigger>
  </Triggers>
  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings><Enabled>true</Enabled><Hidden>false</Hidden></Settings>
  <Actions Context="Author">
    <Exec><Command>"%ProgramFiles%\\Backup\\backup.exe"</Command><Arguments>--password PLANTED</Arguments></Exec>
  </Actions>
</Task>`;
const variables = new Map([["programfiles", "C:\\Program Files"]]);
const parse = (text: string) =>
  parseTask(text, "\\Backup", "C:\\Windows\\System32\\Tasks\\Backup", variables);

test("reads when a task starts, its account and its program, and no argument", () => {
  const job = jobItem.parse(parse(BACKUP));
  expect(job).toEqual({
    key: "task:\\Backup",
    kind: "task",
    name: "\\Backup",
    schedule: [
      "CalendarTrigger StartBoundary=2024-01-01T03:00:00 WeeksInterval=1 Monday Friday",
      "BootTrigger Interval=PT1H disabled",
    ],
    enabled: true,
    user: "SYSTEM",
    program: "C:\\Program Files\\Backup\\backup.exe",
    source: "C:\\Windows\\System32\\Tasks\\Backup",
  });
});

test.each([
  ["no arguments in the command", "run.exe --token=PLANTED", "run.exe"],
  ["a blank in the path", "C:\\Program Files\\A B\\c.exe", "C:\\Program Files\\A B\\c.exe"],
])("reports %s", (_, command, program) => {
  const text = BACKUP.replace('"%ProgramFiles%\\Backup\\backup.exe"', command);
  expect(parse(text)?.program).toBe(program);
});

test("a task without an action, a principal or triggers has few facts", () => {
  const job = jobItem.parse(parse("<Task><Settings><Enabled>FALSE</Enabled></Settings></Task>"));
  expect(job).toMatchObject({ schedule: [], enabled: false });
  expect(job.user).toBeUndefined();
  expect(job.program).toBeUndefined();
});

test.each(["", "<html/>", BACKUP.slice(0, 400)])("%# is not a task", (text) => {
  expect(parse(text)).toBeUndefined();
});

test("finds tasks in all folders, and reports a damaged one as a gap", async () => {
  using disk = makeWindowsDisk(readWindowsFixture("windows-11.reg"), {
    "Windows/System32/Tasks/Backup": Buffer.from(`\ufeff${BACKUP}`, "utf16le"),
    "Windows/System32/Tasks/Microsoft/Windows/Defrag/ScheduledDefrag": BACKUP,
    "Windows/System32/Tasks/Broken": "<Task>",
  });
  const { jobs } = await collectInventory(disk.root);
  if (jobs.status !== "collected") throw new Error("not collected");
  expect(jobs.items.map(({ name }) => name)).toEqual([
    "\\Backup",
    "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
  ]);
  expect(jobs.gaps).toEqual([
    {
      kind: "damaged",
      subject: "C:\\Windows\\System32\\Tasks\\Broken",
      reason: "not the definition of a task",
    },
  ]);
});
