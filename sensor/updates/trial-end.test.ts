// The end of a trial, as systemd 247 to 257 show it.
import { expect, test } from "bun:test";
import { describeChildEnd, parseTrialEnd } from "./trial-end.ts";

function shown(changes: Record<string, string>): string {
  const values = {
    Result: "exit-code",
    ExecMainStartTimestampMonotonic: "35041718231",
    ExecMainCode: "1",
    ExecMainStatus: "0",
    ActiveState: "failed",
    ...changes,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

test.each([
  // ExecStopPost makes a clean exit a failure.
  [{}, "it ended with exit code 0", "yes"],
  [{ ExecMainStatus: "3" }, "it ended with exit code 3", "yes"],
  [{ ExecMainStatus: "203" }, "systemd could not run it (status 203/EXEC)", "yes"],
  [{ Result: "signal", ExecMainCode: "2", ExecMainStatus: "9" }, "signal 9 ended it", "yes"],
  [{ Result: "core-dump", ExecMainCode: "3", ExecMainStatus: "11" }, "signal 11 ended it", "yes"],
  [{ Result: "watchdog", ExecMainCode: "2" }, "it hung, and the watchdog of systemd ended it", "yes"],
  [{ Result: "oom-kill", ExecMainCode: "2" }, "it used too much memory", "yes"],
  [{ Result: "timeout" }, "no check-in and inventory of it were accepted in time", "if-stable-connects"],
] as const)("%p ends a trial", (changes, reason, counts) => {
  expect(parseTrialEnd(shown(changes), true)).toEqual({ reason, counts });
});

test("a trial that has not ended, or never began", () => {
  for (const ActiveState of ["active", "activating", "deactivating"])
    expect(parseTrialEnd(shown({ ActiveState }), true)).toBeUndefined();
  const never = shown({
    ...{ Result: "success", ExecMainStartTimestampMonotonic: "0", ExecMainCode: "0" },
    ActiveState: "inactive",
  });
  for (const text of [never, ""]) {
    expect(parseTrialEnd(text, true)).toEqual({ reason: "the trial did not begin", counts: "no" });
    // systemd has forgotten it with the restart.
    expect(parseTrialEnd(text, false)?.reason).toBe("the host restarted during the trial");
  }
});

test("the end of a child process", () => {
  expect(describeChildEnd(2, null, false)).toEqual({ reason: "it ended with exit code 2", counts: "yes" });
  expect(describeChildEnd(null, "SIGSEGV", false)).toEqual({ reason: "SIGSEGV ended it", counts: "yes" });
  expect(describeChildEnd(null, "SIGTERM", true).counts).toBe("if-stable-connects");
});
