import { expect, test } from "bun:test";
import { SETTINGS, type Setting } from "./settings.ts";
import { settingsFile } from "./settings-file.ts";
import { SYSTEMD_UNIT } from "./systemd-unit.ts";

test("the file has every setting but those that the unit sets, and changes nothing", () => {
  const lines = settingsFile().trimEnd().split("\n");
  const listed = lines.flatMap((line) => /^#([A-Z_]+)=/.exec(line)?.[1] ?? []);
  const { dataDir, readyFile, ...others } = SETTINGS;
  expect(listed).toEqual(Object.values<Setting>(others).map(({ variable }) => variable));
  expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  expect(SYSTEMD_UNIT).toContain(`Environment=${dataDir.variable}=/var/lib/attacklens\n`);
  expect(SYSTEMD_UNIT).toContain(`Environment=${readyFile.variable}=/run/attacklens/ready\n`);
});

test("each setting has its description and its default", () => {
  const text = settingsFile();
  expect(text).toContain(
    "# Least severe level that is logged: debug, info, warn, or error. Default: info\n#ATTACKLENS_LOG_LEVEL=",
  );
  expect(text).toContain(". Default: SQLite in the data folder\n#DATABASE_URL=");
});
