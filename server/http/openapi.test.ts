// The OpenAPI document: every route states its access, and the server accepts every example.
import { expect, test } from "bun:test";
import { problemBody } from "@attacklens/protocol/problems.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import type { z } from "zod";
import { openApiDocument } from "./openapi.ts";

interface Operation {
  operationId: string;
  tags: string[];
  security: Record<string, string[]>[];
  description: string;
  servers?: { url: string }[];
}

function operations(sensorUrl: string | null = null): Map<string, Operation> {
  const paths = Object.values(openApiDocument(sensorUrl).paths ?? {}) as Record<string, Operation>[];
  return new Map(paths.flatMap((path) => Object.values(path)).map((one) => [one.operationId, one]));
}

test("every route has a declared tag, declared security schemes, and a server", () => {
  const document = openApiDocument(null);
  const schemes = Object.keys(document.components?.securitySchemes ?? {});
  const tags = document.tags!.map(({ name }) => name);
  expect(document.servers).toHaveLength(1);
  expect([...operations().keys()].toSorted()).toEqual(ROUTES.map(({ name }) => name).toSorted());
  for (const { tags: own, security } of operations().values()) {
    expect(tags).toContain(own[0]!);
    for (const name of security.flatMap((one) => Object.keys(one))) expect(schemes).toContain(name);
  }
});

test("every route lists its security schemes, and only public routes list none", () => {
  const all = operations();
  const securityOf = (name: string) => all.get(name)!.security.map((one) => Object.keys(one).join(" + "));
  expect(securityOf("sensor.enroll")).toEqual(["enrollmentToken + sensorSignature"]);
  expect(securityOf("sensor.checkToken")).toEqual(["enrollmentToken"]);
  expect(securityOf("sensor.reEnroll")).toEqual(["reEnrollmentTicket + sensorSignature"]);
  expect(securityOf("sensor.checkIn")).toEqual(["sensorSignature"]);
  expect(securityOf("sensors.list")).toEqual(["session", "apiKey"]);
  expect(securityOf("apiKeys.list")).toEqual(["session"]);
  for (const route of ROUTES) {
    const isOpen = securityOf(route.name).length === 0;
    expect(isOpen).toBe(route.access === "public");
    expect(all.get(route.name)!.description.startsWith("Anyone may call it")).toBe(isOpen);
  }
});

test("sensor routes have the server URL for sensors if it differs", () => {
  const all = operations("https://sensors.example.com");
  expect(all.get("sensor.enroll")!.servers).toEqual([{ url: "https://sensors.example.com" }]);
  expect(all.get("sensors.list")!.servers).toBeUndefined();
});

test("every example is valid for its schema", () => {
  const checked: string[] = [];
  const seen = new Set<unknown>();
  const visit = (schema: z.core.$ZodType, where: string): void => {
    if (seen.has(schema)) return;
    seen.add(schema);
    const { example } = ((schema as z.ZodType).meta?.() ?? {}) as { example?: unknown };
    if (example !== undefined) {
      checked.push(where);
      const result = (schema as z.ZodType).safeParse(example);
      expect(result.success ? [] : [where, example, result.error.issues]).toEqual([]);
    }
    for (const [name, part] of Object.entries(schema._zod.def)) {
      const parts = name === "shape" ? Object.entries(part as object) : [[name, part]];
      for (const [key, value] of parts.flatMap(([k, v]) =>
        Array.isArray(v) ? v.map((one) => [k, one]) : [[k, v]],
      ))
        if ((value as z.ZodType | undefined)?._zod?.def) visit(value as z.ZodType, `${where}.${key}`);
    }
  };
  visit(problemBody, "problem");
  for (const { name, params, query, body, output } of ROUTES)
    for (const [part, schema] of Object.entries({ params, query, body, output }))
      if (schema) visit(schema, `${name} ${part}`);
  expect(checked.length).toBeGreaterThan(40);
});
