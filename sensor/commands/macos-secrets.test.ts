// No secret in the property lists of macOS is in what the sensor reports.
import { expect, test } from "bun:test";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { openSecrets } from "../testing/plant-secrets.ts";
import { collectWatched, reportOf } from "../testing/watch-files.ts";

const plist = (content: string) =>
  `<?xml version="1.0"?><!-- SECRET --><plist version="1.0"><dict>${content}
<key>Password</key><string>SECRET</string><key>SECRET</key><true/>
<key>EnvironmentVariables</key><dict><key>TOKEN</key><string>SECRET</string></dict></dict></plist>`;
const list = (...words: string[]) =>
  `<key>ProgramArguments</key><array>${words.map((word) => `<string>${word}</string>`).join("")}</array>`;
const job = (name: string, content: string) =>
  `-- /Library/LaunchDaemons/${name}.plist\n${plist(`<key>Label</key><string>${name}</string><key>StartInterval</key><integer>60</integer>${content}`)}\n`;

const FILES = [
  "-- /System/Library/CoreServices/SystemVersion.plist",
  plist("<key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>14.1</string>"),
  job("plain", list("/usr/bin/plain", "--password=SECRET", "-pSECRET", "SECRET")),
  job("whole", list("/usr/bin/whole --password=SECRET SECRET")),
  job("positional", list("/usr/bin/positional SECRET")),
  job("path", list("/usr/bin/path /SECRET/file")),
  job("blank", list("/Applications/My Tool.app/Contents/MacOS/tool -p SECRET")),
  job("shell", list("/bin/sh", "-c", "PASSWORD=SECRET tool SECRET")),
  job("url", "<key>Program</key><string>https://user:SECRET@host/x</string>"),
  "-- /Applications/Tool.app/Contents/Info.plist",
  plist("<key>CFBundleShortVersionString</key><string>https://user:SECRET@host/1</string>"),
  "-- /Library/Preferences/com.apple.loginwindow.plist",
  plist("<key>autoLoginUser</key><string>anna</string><key>autoLoginPassword</key><string>SECRET</string>"),
  "-- /Library/Managed Preferences/com.example.vpn.plist",
  plist("<key>SharedSecret</key><string>SECRET</string>"),
  "-- /private/etc/kcpassword\nSECRET\n",
].join("\n");

test("no secret in a property list of macOS is in the report", async () => {
  const secrets = openSecrets();
  using disk = makeRoot(secrets.fill(FILES, "macOS"));
  const report = await reportOf(disk.root, await collectWatched(disk.root));
  expect(secrets.listIn(report)).toEqual([]);
  for (const fact of [
    "/usr/bin/plain",
    "/usr/bin/whole",
    "/usr/bin/positional",
    "/usr/bin/path",
    "Tool.app/Contents",
  ])
    expect(report).toContain(fact);
});
