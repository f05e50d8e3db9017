import { expect, test } from "bun:test";
import { QueryClient } from "@tanstack/react-query";
import { refresh, refreshAll } from "./queries.ts";

test.each([
  ["its noun", (client: QueryClient) => refresh(client, "sensors")],
  ["everything", refreshAll],
])("a first fetch is stale if %s changes while it runs", async (_, change) => {
  const client = new QueryClient();
  const reply = Promise.withResolvers<string>();
  const options = { queryKey: ["sensors", "list"], queryFn: () => reply.promise };
  const loaded = client.fetchQuery(options);
  const changed = change(client);
  reply.resolve("before the change");
  expect(await loaded).toBe("before the change");
  await changed;
  expect(client.getQueryState(options.queryKey)).toMatchObject({ isInvalidated: true });
});

test("other nouns are not stale", async () => {
  const client = new QueryClient();
  client.setQueryData(["assets"], []);
  client.setQueryData(["sensors"], []);
  await refresh(client, "sensors");
  expect(client.getQueryState(["assets"])?.isInvalidated).toBe(false);
  expect(client.getQueryState(["sensors"])?.isInvalidated).toBe(true);
});
