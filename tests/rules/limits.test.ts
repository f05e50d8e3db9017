// A list that the host makes long is never cut in silence: a report without a gap is a whole one. A machine
// sees only the usual ways to cut a list; other ones are seen in review.
import { test } from "bun:test";
import { CODE, expectNone, linesMatching } from "./sources.ts";

/** Where the rest is no loss, or is noted in another way. */
const EXCEPTIONS: Record<string, string> = {
  "sensor/collectors/collect.ts": "counts all items of a category",
  "sensor/collectors/host-files.ts": "notes the gap of a folder",
  "sensor/collectors/gaps.ts": "the last gap counts the rest",
  "sensor/collectors/seen-files.ts": "with more files, the category is collected again",
  "sensor/collectors/ports/socket-processes.ts": "says that the list of processes is not complete",
  "sensor/collectors/hardware/smbios.ts": "the format has no more texts",
  "sensor/collectors/security/firewall-rules/firewall-rules.ts": "notes a gap for the chains of all files",
  "sensor/collectors/services/exec-program.ts": "a text, which is not longer on any host",
  "sensor/collectors/system/host-facts.ts": "for enrollment, which compares some of them",
  "sensor/collectors/users/shadow.ts": "only shares memory",
  "sensor/collectors/users/sudo/decide.ts": "says that the rules are too many",
  "sensor/collectors/users/sudo/commands.ts": "says that the rules are too many",
  "sensor/collectors/windows/hive.ts": "the registry of Windows has no key with so many others",
  "sensor/collectors/windows/program-path.ts": "the words of one command",
};
const CUTS = [
  /\.slice\((?:0, *|-)MAX_(?!(?:\w+_)?(?:BYTES|LENGTH|LINE|COMMAND)\b)/,
  /(?:length|size|count\(\)) <=? MAX_\w+(?: \|\| [^)]*)?\) [\w.?]+\.(?:push|set|add)\(/,
];
const cutsOf = (file: string) => CUTS.flatMap((pattern) => linesMatching(file, pattern));
const COLLECTORS = CODE.filter((file) => file.startsWith("sensor/collectors/"));

test("no collector cuts a list without a gap", () => {
  const cuts = COLLECTORS.filter((file) => !(file in EXCEPTIONS)).flatMap(cutsOf);
  expectNone("use firstOf, which notes how many there are: sensor/collectors/first-of.ts", cuts);
});

test("every exception from noting a gap is needed", () => {
  const needless = Object.keys(EXCEPTIONS).filter(
    (file) => !COLLECTORS.includes(file) || cutsOf(file).length === 0,
  );
  expectNone("an exception that no file needs lets the next silent cut in", needless);
});
