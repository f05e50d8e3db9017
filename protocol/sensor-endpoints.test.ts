// The tables, example replies and codes in docs/sensor-protocol.md match the declarations of the endpoints
// for sensors.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { checkIn } from "./check-in.ts";
import { getRoots } from "./connection.ts";
import { checkToken, confirmSensor, enroll, enrollClone, reEnroll, replaceKey } from "./enroll.ts";
import { putChunks, putInventory, putManifest } from "./inventory/upload.ts";
import { PROBLEMS, type ProblemCode, problemBody, problemType } from "./problems.ts";
import { type Access, bodyLimitsOf, type Route, type SensorStanding } from "./route.ts";
import { isSigned, problemsOf } from "./route-problems.ts";
import { ROUTES } from "./routes.ts";
import { unenroll } from "./unenroll.ts";

const page = readFileSync(join(import.meta.dir, "../docs/sensor-protocol.md"), "utf8");

const SENSOR_ROUTES: Route[] = [
  getRoots,
  checkToken,
  enroll,
  reEnroll,
  checkIn,
  putInventory,
  putManifest,
  putChunks,
  replaceKey,
  enrollClone,
  confirmSensor,
  unenroll,
];
/** Codes that each endpoint with a body may return. */
const COMMON = SENSOR_ROUTES.filter(({ body }) => body)
  .map((route) => problemsOf(route))
  .reduce((left, right) => left.filter((code) => right.includes(code)));

test("the page explains each code that a sensor may receive", () => {
  const codes = SENSOR_ROUTES.flatMap((route) => problemsOf(route));
  for (const code of new Set<ProblemCode>([...codes, "method-not-allowed"]))
    expect(page).toContain(`\n| ${PROBLEMS[code].status} | \`${code}\` | `);
});

test("the page's example replies are valid", () => {
  const block = /\n## Example replies\n[\s\S]*?```json\n([\s\S]*?)\n```/.exec(page)![1]!;
  const examples = z.record(z.string(), z.array(z.unknown())).parse(JSON.parse(block));
  const { problem, ...replies } = examples;
  for (const one of problem!) {
    const { code, status, title, type } = z.strictObject(problemBody.shape).parse(one);
    expect({ status, title, type }).toEqual({ ...PROBLEMS[code], type: problemType(code) });
  }
  expect(Object.keys(replies).toSorted()).toEqual(
    [...new Set(SENSOR_ROUTES.filter(({ output }) => output).map(replyName))].toSorted(),
  );
  for (const route of SENSOR_ROUTES.filter(({ output }) => output))
    for (const one of replies[replyName(route)]!)
      expect(z.strictObject((route.output as z.ZodObject).shape).safeParse(one).error).toBeUndefined();
});

/** Names in the page's schemas, by route. */
const BODY_NAMES: Record<string, string> = {
  "sensor.enroll": "enroll",
  "sensor.reEnroll": "enroll",
  "sensor.checkToken": "checkToken",
  "sensor.replaceKey": "newKey",
  "sensor.enrollClone": "clone",
  "sensor.confirm": "confirm",
  "sensor.unenroll": "unenroll",
  "sensor.checkIn": "checkIn",
  "sensor.putInventory": "inventory",
  "sensor.putManifest": "manifest",
  "sensor.putChunks": "chunks",
  "sensor.getRoots": "roots",
};
function replyName({ name }: Route): string {
  return name === "sensor.enrollClone" ? "enrollReply" : `${BODY_NAMES[name]}Reply`;
}

const HEADERS: Partial<Record<Access, string[]>> = {
  "enrollment-token": ["`Authorization`: the enrollment token"],
  "re-enrollment-ticket": ["`Authorization`: the re-enrollment ticket"],
  sensor: ["`Sensor-Instance`"],
};
const STANDINGS: Record<SensorStanding, string> = {
  unsettled: "before a check-in of this instance",
  clone: "with a key that another host holds",
  "awaiting-approval": "while the sensor awaits approval",
  blocked: "while the sensor is blocked",
};

/** The page's table of a route. */
function describe(route: Route): string {
  const { method, path, access, accepts = [], body, output, status } = route;
  const ownKey = route.acceptsMac ? "the sensor's key, or a MAC" : "the sensor's key";
  const signer = access === "sensor" ? ownKey : "the new key";
  const isTried = access === "sensor" || isSigned(route);
  const headers = [
    ...(body ? ["`Content-Type`", "`Content-Length`"] : []),
    ...(HEADERS[access] ?? []),
    ...(isTried ? ["`Content-Digest`", "`Signature-Input`", "`Signature`"] : []),
  ];
  const own = problemsOf(route).filter((code) => !COMMON.includes(code));
  const limit = `at most ${bodyLimitsOf(route).bytes / 1024} KiB`;
  const rows = [
    ["Headers", headers.join(", ") || "none"],
    ["Signed by", isTried ? signer : "no key"],
    ...(access === "sensor"
      ? [["Also possible", accepts.map((standing) => STANDINGS[standing]).join("; ") || "in no other state"]]
      : []),
    ["Body", body ? `\`${BODY_NAMES[route.name]}Request\`, ${limit}` : "none"],
    ["Reply", `${status}${output ? `, \`${replyName(route)}\`` : ", without a body"}`],
    ["Codes", own.map((code) => `\`${code}\``).join(", ") || "only those of every endpoint"],
  ];
  const table = rows.map(([name, text]) => `| ${name} | ${text} |\n`).join("");
  return `### \`${method} ${path}\`\n\n| | |\n|---|---|\n${table}`;
}

test("the page has every endpoint for sensors", () => {
  const paths = ROUTES.filter(({ path }) => path.startsWith("/sensor/")).map(({ name }) => name);
  expect(SENSOR_ROUTES.map(({ name }) => name).toSorted()).toEqual(paths.toSorted());
});

test("the page's tables of the endpoints match the declarations", () => {
  const section = /\n## Endpoints\n([\s\S]*?)\n## /.exec(page)![1]!;
  const tables = section.slice(section.indexOf("### "));
  expect(tables).toBe(SENSOR_ROUTES.map(describe).join("\n"));
  for (const code of COMMON) expect(section).toContain(`\`${code}\``);
});
