import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseProgramPath } from "./program-path.ts";

const variables = new Map([
  ["systemroot", "C:\\Windows"],
  ["programfiles", "C:\\Program Files"],
]);

test.each([
  ['"C:\\Program Files\\X\\x.exe" -p secret', "C:\\Program Files\\X\\x.exe"],
  ['"C:\\Program Files\\X\\x.exe', "C:\\Program Files\\X\\x.exe"],
  ["C:\\Program Files\\X Y\\x.exe --password=secret", "C:\\Program Files\\X Y\\x.exe"],
  ["C:\\Program Files\\X Y\\x.EXE", "C:\\Program Files\\X Y\\x.EXE"],
  ["%SystemRoot%\\system32\\svchost.exe -k netsvcs -p", "C:\\Windows\\system32\\svchost.exe"],
  ["\\SystemRoot\\System32\\smss.exe", "C:\\Windows\\System32\\smss.exe"],
  ["\\??\\C:\\x\\y.sys", "C:\\x\\y.sys"],
  ["system32\\drivers\\tcpip.sys", "C:\\Windows\\system32\\drivers\\tcpip.sys"],
  ["SystemRoot\\System32\\x.exe", "C:\\Windows\\System32\\x.exe"],
  ["C:/Tools/run.exe secret", "C:\\Tools\\run.exe"],
  ["C:\\tools\\runner secret", "C:\\tools\\runner"],
  ["C:\\tools\\runner -x a.exe", "C:\\tools\\runner"],
  ["C:\\tools\\runner http://u:secret@host/a.exe", "C:\\tools\\runner"],
  ["C:\\tools\\runner key=secret b.exe", "C:\\tools\\runner"],
  ["runner", "runner"],
  ["runner secret b.exe", "runner"],
  ["C:\\tools\\runner secret D:\\b.exe", "C:\\tools\\runner"],
  ['"C:\\tools\\run.exe --password=secret"', "C:\\tools\\run.exe"],
  ['"C:\\Program Files\\X\\run.exe -psecret" more', "C:\\Program Files\\X\\run.exe"],
  ['"C:\\Program Files\\X\\run"', "C:\\Program Files\\X\\run"],
  ['"C:\\tools\\run secret"', "C:\\tools\\run"],
  ["", undefined],
  ['""', undefined],
  ["   ", undefined],
])("finds the program of %s", (command, expected) => {
  expect(parseProgramPath(command, variables)).toBe(expected!);
});

test("asks the disk where a path without quotes is ambiguous", () => {
  const exists = (path: string) => path === "C:\\Program Files\\My Tool\\run.exe";
  expect(parseProgramPath("C:\\Program Files\\My Tool\\run secret", variables, exists)).toBe(
    "C:\\Program Files\\My Tool\\run.exe",
  );
});

test("an argument is never in the result", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
  const option = fc.tuple(fc.constantFrom("-", "--", "/"), word).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      option,
      fc.boolean(),
      (folders, flag, isQuoted) => {
        const program = `C:\\${folders.join(" ")}\\${folders[0]}.exe`;
        const start = isQuoted ? `"${program}"` : program;
        expect(parseProgramPath(`${start} ${flag}=PLANTED PLANTED.exe`, variables)).toBe(program);
      },
    ),
  );
});
