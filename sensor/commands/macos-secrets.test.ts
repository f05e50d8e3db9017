// No secret of a host with macOS is in what the sensor reports. secrets.test.ts does the same for Linux.
import { expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeMachine } from "../testdata/unpack-machine.ts";
import { openSecrets, plant, type Secrets } from "../testing/plant-secrets.ts";
import { collectWatched, reportOf } from "../testing/watch-files.ts";

/** In each dictionary, keys that no collector knows or may take. */
const KEYS = `<dict>
<key>Password</key><string>SECRET</string><key>SECRET</key><true/>
<key>EnvironmentVariables</key><dict><key>TOKEN</key><string>SECRET</string></dict>
<key>ShadowHashData</key><array><data>SECRET</data></array>
<key>Comment</key><string>--password=SECRET https://user:SECRET@host.example/</string>`;
const ARGUMENTS = "<string>--password=SECRET</string><string>-pSECRET</string><string>SECRET</string>";

function plantInPlist(text: string, path: string, secrets: Secrets): string {
  const planted = text
    .replaceAll("<dict>", KEYS)
    .replace(/(<key>ProgramArguments<\/key>\s*<array>\s*<string>[^<]*<\/string>)/, `$1${ARGUMENTS}`)
    .replace(/(<key>Program<\/key>\s*<string>\/opt\/[^<]*)/, "$1 SECRET other");
  return secrets.fill(planted, path);
}

test("no secret in a property list, a crontab or a configuration is in the report", async () => {
  const secrets = openSecrets();
  using machine = makeMachine("macos-14");
  for (const path of readdirSync(machine.root, { recursive: true }) as string[]) {
    const file = join(machine.root, path);
    if (!lstatSync(file).isFile()) continue;
    const content = readFileSync(file);
    const text = content.toString("utf8");
    writeFileSync(
      file,
      text.startsWith("<?xml")
        ? plantInPlist(text, path, secrets)
        : content.subarray(0, 6).toString("latin1") === "bplist"
          ? content
          : plant(content, path, secrets),
    );
  }
  expect(secrets.count()).toBeGreaterThan(200);
  const report = await reportOf(machine.root, await collectWatched(machine.root));
  expect(secrets.listIn(report)).toEqual([]);
  expect(report).not.toContain("PLANTED");
  for (const fact of ["org.example.backup", "/opt/old", "Editor & Co", "anna", "Remote Login"])
    expect(report).toContain(fact);
});
