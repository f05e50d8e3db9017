import { expect, test } from "bun:test";
import { QueryClient } from "@tanstack/react-query";
import { waitUntil } from "../../harness/wait-until.ts";
import { refresh, refreshAll, refreshLive } from "./queries.ts";

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

test("a change by another user lets a large reply rest, and a change by the user does not", async () => {
  const client = new QueryClient();
  const isStale = (key: string) => client.getQueryState(["rollout", key])?.isInvalidated;
  const rests: Record<string, number> = { large: 60_000, brief: 40 };
  for (const key of ["large", "brief", "small", "plain"]) {
    const restMs = (data: unknown) => rests[data as string] ?? 0;
    const meta = key === "plain" ? {} : { restMs };
    await client.fetchQuery({ queryKey: ["rollout", key], queryFn: () => key, meta });
  }
  refreshLive(client, "rollout");
  expect(["large", "small", "plain"].map(isStale)).toEqual([false, true, true]);
  // It is fetched again after its rest, although nothing else changes.
  await waitUntil("the reply that rests briefly is stale", () => isStale("brief") === true);

  await client.fetchQuery({ queryKey: ["rollout", "large"], queryFn: () => "large" });
  await refresh(client, "rollout");
  expect(isStale("large")).toBe(true);
});
