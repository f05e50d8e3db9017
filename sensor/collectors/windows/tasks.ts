// Tasks of the Task Scheduler: an XML file for each, in folders (MS-TSCH 2.5). Of an action, only the program
// is read: its arguments may contain secrets.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import { decodeText } from "./decode-text.ts";
import { parseProgramPath } from "./program-path.ts";
import type { WindowsHost } from "./windows-host.ts";
import { findXmlText, listXml, parseXml, type XmlElement } from "./xml.ts";

type Job = Item<"jobs">;

const TASKS = "System32\\Tasks";
const MAX_TASK_BYTES = 256 * 1024;
const MAX_TASKS = 20_000;
const MAX_DEPTH = 16;
const MAX_TRIGGERS = 20;
/** Parts of a trigger that say when it starts. Others, such as a query for events, can be long. */
const TIMES = new Set([
  "StartBoundary",
  "EndBoundary",
  "Interval",
  "Duration",
  "Delay",
  "RandomDelay",
  "DaysInterval",
  "WeeksInterval",
  "Day",
  "StateChange",
]);
const ACCOUNTS: Record<string, string> = {
  "s-1-5-18": "SYSTEM",
  "s-1-5-19": "LOCAL SERVICE",
  "s-1-5-20": "NETWORK SERVICE",
  system: "SYSTEM",
  localsystem: "SYSTEM",
};

export function readTasks(host: WindowsHost): Job[] {
  const folder = `${host.variables.get("systemroot") ?? "C:\\Windows"}\\${TASKS}`;
  const root = host.pathOf(folder);
  if (root === undefined) return [];
  const jobs: Job[] = [];
  const pending = [{ path: root, name: "", depth: 0 }];
  let seen = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of host.files.listEntries(next.path)) {
      const [path, name] = [`${next.path}/${entry.name}`, `${next.name}\\${entry.name}`];
      seen += 1;
      if (seen > MAX_TASKS) {
        host.files.noteGap({ kind: "limit", subject: folder, reason: `more than ${MAX_TASKS} files` });
        return jobs;
      }
      if (entry.kind === "folder" && next.depth < MAX_DEPTH)
        pending.push({ path, name, depth: next.depth + 1 });
      else if (entry.kind === "file") jobs.push(...readTask(host, path, name, `${folder}${name}`));
    }
  }
  return jobs;
}

function readTask(host: WindowsHost, path: string, name: string, source: string): Job[] {
  const bytes = host.files.findBytes(path, MAX_TASK_BYTES);
  if (bytes === undefined) return [];
  const job = parseTask(decodeText(bytes), name, source, host.variables);
  if (job !== undefined) {
    const schedule = firstOf(host.files, `schedule of ${job.name}`, job.schedule, MAX_TRIGGERS);
    return [{ ...job, schedule: [...schedule] }];
  }
  host.files.noteGap({ kind: "damaged", subject: source, reason: "not the definition of a task" });
  return [];
}

/**
 * `name`: the path of the task, e.g. `\\Microsoft\\Windows\\Defrag\\ScheduledDefrag`. Undefined: it is not a
 * task.
 */
export function parseTask(
  text: string,
  name: string,
  source: string,
  variables: ReadonlyMap<string, string>,
): Job | undefined {
  const root = parseXml(text);
  if (root === undefined || listXml(root, ["Task"]).length === 0) return undefined;
  const principal = listXml(root, ["Task", "Principals", "Principal"])[0];
  const account = principal && (textIn(principal, "UserId") ?? textIn(principal, "GroupId"));
  const command = findXmlText(root, ["Task", "Actions", "Exec", "Command"]);
  const triggers = listXml(root, ["Task", "Triggers"]).flatMap(({ children }) => children);
  return {
    key: factText(`task:${name}`, 580),
    kind: "task",
    name: factText(name, 300),
    schedule: triggers.map((trigger) => factText(describeTrigger(trigger), 300)),
    enabled: findXmlText(root, ["Task", "Settings", "Enabled"])?.trim().toLowerCase() !== "false",
    user: optionalFact(account && (ACCOUNTS[account.toLowerCase()] ?? account), 250),
    program: optionalFact(command && parseProgramPath(command, variables), 1_000),
    source: factText(source, 1_000),
  };
}

/** `CalendarTrigger StartBoundary=2024-01-01T03:00:00 DaysInterval=1`. */
function describeTrigger(trigger: XmlElement): string {
  const times: string[] = [];
  const pending = [trigger];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    for (const child of next.children) {
      const text = child.text.trim();
      if (TIMES.has(child.name) && /^[\w:.,+-]{1,60}$/.test(text)) times.push(`${child.name}=${text}`);
      // Days are elements without a text.
      else if (next.name === "DaysOfWeek" || next.name === "Months") times.push(child.name);
      pending.push(child);
    }
  }
  const isOff = textIn(trigger, "Enabled")?.toLowerCase() === "false";
  return [trigger.name, ...times, ...(isOff ? ["disabled"] : [])].join(" ");
}

function textIn(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text.trim() || undefined;
}
