// The lists of users, API keys and asset groups are sorted by each of their columns, on all pages.
import { expect, test } from "bun:test";
import * as keys from "@attacklens/protocol/api-keys.ts";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { ROLES } from "@attacklens/protocol/permissions.ts";
import type { Route, RouteInput } from "@attacklens/protocol/route.ts";
import * as users from "@attacklens/protocol/users.ts";
import { compareText } from "./db/merge-ranges.ts";
import { nameKey } from "./ids.ts";
import { openWorld, TESTED_DIALECTS, type World } from "./testing/test-world.ts";

const DAY_MS = 86_400_000;

type Value = string | number;
type Sorts<R extends Route, Row> = Record<
  RouteInput<R>["query"] extends { sort: infer S extends string } ? S : never,
  (row: Row) => Value
>;

const timeOf = (instant: string | null) => (instant === null ? 0 : Date.parse(instant));

const USERS: Sorts<typeof users.listUsers, users.User> = {
  name: ({ name }) => nameKey(name),
  email: ({ email }) => email,
  role: ({ role }) => ROLES.indexOf(role),
  status: ({ status }) => users.USER_STATUSES.indexOf(status),
  lastSignInAt: ({ lastSignInAt }) => timeOf(lastSignInAt),
  createdAt: ({ createdAt }) => timeOf(createdAt),
};
const KEYS: Sorts<typeof keys.listApiKeys, keys.ApiKey> = {
  createdAt: ({ createdAt }) => timeOf(createdAt),
  name: ({ name }) => nameKey(name),
  role: ({ role }) => ROLES.indexOf(role),
  status: ({ status }) => keys.API_KEY_STATUSES.indexOf(status),
  hint: ({ hint }) => hint,
  createdBy: ({ createdBy }) => nameKey(createdBy),
  expiresAt: ({ expiresAt }) => timeOf(expiresAt),
  lastUsedAt: ({ lastUsedAt }) => timeOf(lastUsedAt),
};
const GROUPS: Sorts<typeof groups.listAssetGroups, groups.AssetGroup> = {
  name: ({ name }) => nameKey(name),
  createdAt: ({ createdAt }) => timeOf(createdAt),
  createdBy: ({ createdBy }) => nameKey(createdBy),
  assets: ({ assets }) => assets,
  enrollmentTokens: ({ enrollmentTokens }) => enrollmentTokens,
};

const compare = (left: Value, right: Value) =>
  typeof left === "number" ? left - Number(right) : compareText(left, String(right));

async function expectSorted<Row extends { id: string }>(
  world: World,
  cookie: string,
  route: Route,
  sorts: Record<string, (row: Row) => Value>,
): Promise<void> {
  for (const [sort, sortedBy] of Object.entries(sorts)) {
    for (const order of ["asc", "desc"] as const) {
      const rows: Row[] = [];
      let cursor: string | null | undefined;
      do {
        const query = { sort, order, limit: 2, ...(cursor ? { cursor } : {}) };
        const page = (await world.call(route, cookie, { query } as never)) as {
          items: Row[];
          nextCursor: string | null;
        };
        rows.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor);
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
      expect(rows.length).toBeGreaterThan(4);
      const values = rows.map(sortedBy);
      const sorted = values.toSorted(compare);
      expect([route.name, sort, order, values]).toEqual([
        ...[route.name, sort, order],
        order === "asc" ? sorted : sorted.toReversed(),
      ]);
      expect([route.name, sort, new Set(values).size > 1]).toEqual([route.name, sort, true]);
    }
  }
}

for (const dialect of TESTED_DIALECTS) {
  test(`users, API keys and asset groups are sorted by each column (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db, clock } = world;
    const ada = await world.signedIn("super-admin");
    clock.ms += DAY_MS;
    const cookies = [ada, await world.signedIn("admin"), await world.signedIn("posture-manager")];
    for (const [name, role] of [
      ["Zoë", "viewer"],
      ["bob", "admin"],
      ["Émile", "viewer"],
    ] as const) {
      clock.ms += 1_000;
      const email = `user-${nameKey(name).length}-${role}@example.com`;
      await world.call(users.inviteUser, ada, { body: { name, email, role } });
    }
    await db.updateTable("user").set({ status: "disabled" }).where("name", "=", "bob").execute();
    await expectSorted(world, ada, users.listUsers, USERS);

    const makers = await db.selectFrom("user").select("id").orderBy("email").execute();
    for (let number = 0; number < 8; number++) {
      clock.ms += 1_000;
      const expiresAt = new Date(clock.ms + (1 + (number % 3)) * DAY_MS).toISOString();
      const body = { name: `Key ${(number * 7) % 8}`, role: ROLES[number % 3]!, expiresAt };
      const { apiKey } = await world.call(keys.createApiKey, cookies[number % 2]!, { body });
      const change = {
        ...(number % 4 === 1 ? { revokedAt: clock.ms } : {}),
        ...(number % 2 === 0 ? { lastUsedAt: clock.ms - number * 5_000, lastUsedAddress: "10.0.0.1" } : {}),
        createdBy: makers[number % makers.length]!.id,
      };
      await db.updateTable("apiKey").set(change).where("id", "=", apiKey.id).execute();
    }
    clock.ms += 1.5 * DAY_MS;
    await expectSorted(world, await world.signInAgain("super-admin"), keys.listApiKeys, KEYS);

    const manager = await world.signInAgain("posture-manager");
    for (let number = 0; number < 6; number++) {
      clock.ms += 1_000;
      const as = number % 2 === 0 ? manager : await world.signInAgain("super-admin");
      const group = await world.call(groups.createAssetGroup, as, {
        body: { name: `Group ${(number * 5) % 6}` },
      });
      const scope = { type: "asset-group" as const, assetGroupId: group.id };
      for (let token = 0; token < number % 4; token++) {
        const expiresAt = token === 2 ? new Date(clock.ms + 10).toISOString() : null;
        const body = { name: `Token ${number} ${token}`, scope, expiresAt };
        await world.call(createEnrollmentToken, as, { body });
      }
      await db
        .updateTable("assetGroup")
        .set({ assets: number % 3 })
        .where("id", "=", group.id)
        .execute();
    }
    await expectSorted(world, manager, groups.listAssetGroups, GROUPS);
  });
}
