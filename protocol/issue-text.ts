// Messages for invalid input. zod's messages contain its types and our regular expressions instead of what to
// do. Each message completes a sentence that starts with the field: "expiresAt must be a date and time, e.g.
// …".
import type { z } from "zod";

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

const TYPES: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  set: "a list",
  object: "an object",
  record: "an object",
  map: "an object",
  null: "null",
  date: "a date",
};

const FORMATS: Record<string, string> = {
  email: "an email address, e.g. ana@example.com",
  url: "a URL, e.g. https://attacklens.example.com",
  uuid: "a UUID",
  datetime: "a date and time in UTC, e.g. 2026-12-01T18:00:00.000Z",
  date: "a date, e.g. 2026-12-01",
  time: "a time, e.g. 18:00:00",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  cidrv4: "an IPv4 network, e.g. 10.0.0.0/8",
  cidrv6: "an IPv6 network, e.g. fd00::/8",
  base64: "base64",
  base64url: "base64url",
  json_string: "JSON",
};

/** For `safeParse(value, { error: issueText })`. The message of a schema, if any, takes precedence. */
export function issueText(issue: RawIssue): string {
  if (issue.input === undefined) return "is required";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? "of another type"}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "too_big":
      return limitText(issue.origin, issue.exact ? "exactly" : "at most", issue.maximum, issue.inclusive);
    case "too_small":
      return limitText(issue.origin, issue.exact ? "exactly" : "at least", issue.minimum, issue.inclusive);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formatText(issue);
    case "unrecognized_keys":
      return "has a field that is not known";
    case "invalid_key":
      return `has a name that is not valid: it ${issue.issues[0]?.message ?? "is not one of those that are allowed"}`;
    case "invalid_element":
      return `has an entry that is not valid: it ${issue.issues[0]?.message ?? "is not as declared"}`;
    case "invalid_union":
      return unionText(issue);
    default:
      return "is not valid";
  }
}

/** The field and the text of a parsed issue. Each unknown field is named. */
export function describeIssue(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string }[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: "is not known" }));
}

function limitText(
  origin: string,
  bound: string,
  limit: number | bigint,
  isInclusive: boolean | undefined,
): string {
  const unit = { string: "character", array: "element", set: "element", map: "entry", object: "field" }[
    origin
  ];
  if (unit) return `must have ${bound} ${limit} ${Number(limit) === 1 ? unit : plural(unit)}`;
  if (isInclusive === false) return `must be ${bound === "at least" ? "more" : "less"} than ${limit}`;
  return `must be ${bound} ${limit}`;
}

function plural(unit: string): string {
  return unit === "entry" ? "entries" : `${unit}s`;
}

function formatText(issue: Extract<RawIssue, { code: "invalid_format" }>): string {
  const { format } = issue;
  if (format === "starts_with") return `must begin with ${issue.prefix}`;
  if (format === "ends_with") return `must end with ${issue.suffix}`;
  if (format === "includes") return `must contain ${issue.includes}`;
  return FORMATS[format] ? `must be ${FORMATS[format]}` : "does not have the required form";
}

function unionText(issue: Extract<RawIssue, { code: "invalid_union" }>): string {
  const { discriminator, options } = issue as { discriminator?: string; options?: unknown[] };
  if (discriminator !== undefined && (issue.input as Record<string, unknown>)[discriminator] === undefined)
    return "is required";
  if (options && options.length > 0) return `must be ${oneOf(options)}`;
  return "does not match any of the allowed forms";
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map(String);
  const last = texts.pop();
  return texts.length > 0 ? `${texts.join(", ")} or ${last}` : String(last);
}
