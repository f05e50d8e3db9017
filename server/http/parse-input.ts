// Parses a route's input with the schemas of its declaration. Errors name the field.
import { describeIssue, issueText } from "@attacklens/protocol/issue-text.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import type { z } from "zod";

/** The query of a URL without one. */
export const NO_QUERY = new URLSearchParams();

/**
 * Throws not-found for a malformed id in the path, and input-invalid for other invalid input. `isValid`: the
 * schema accepts the body as it is.
 */
export function parseInput(
  route: Route,
  pathParams: Record<string, string>,
  query: URLSearchParams,
  body: unknown,
  isValid = false,
) {
  const params = route.params?.safeParse(pathParams);
  if (params && !params.success)
    throw new Problem("not-found", "There is nothing at this address", { cause: params.error });
  return {
    params: params?.data,
    query: parseQuery(route, query),
    body: route.body && !isValid ? (route.parseUsual?.(body) ?? parse(route.body, body)) : body,
  };
}

function parseQuery(route: Route, query: URLSearchParams): unknown {
  if (query === NO_QUERY && !route.query) return undefined;
  const values: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!route.query) throw badInput({ [name]: "is not known" });
    if (Object.hasOwn(values, name)) throw badInput({ [name]: "is given twice" });
    values[name] = value;
  }
  return route.query ? parse(route.query, values) : undefined;
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value, { error: issueText });
  if (!result.success) throw badInput(fieldsOf(result.error, value));
  return result.data;
}

function fieldsOf(error: z.ZodError, value: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const issue of error.issues.slice(0, 20)) {
    // The message of a schema is only for a present value.
    const isMissing = issue.code === "invalid_type" && isAbsent(value, issue.path);
    for (const { path, message } of describeIssue(issue)) {
      // A key may be as long as the body, so only its beginning is echoed.
      const field = path.map(String).join(".").slice(0, 200) || "body";
      if (Object.keys(fields).length < 20) fields[field] ??= isMissing ? "is required" : message;
    }
  }
  return fields;
}

function isAbsent(value: unknown, path: PropertyKey[]): boolean {
  let part = value;
  for (const key of path) {
    if (typeof part !== "object" || part === null || !Object.hasOwn(part, key)) return true;
    part = (part as Record<PropertyKey, unknown>)[key];
  }
  return part === undefined;
}

function badInput(fields: Record<string, string>): Problem {
  const [[field, message] = ["input", "is not valid"]] = Object.entries(fields);
  return new Problem("input-invalid", `The input is not valid: ${field} ${message}`, { fields });
}
