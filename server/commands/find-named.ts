// Finds an object that a user names on the command line, by its id or by its full name. Case does not matter.
import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import {
  type EnrollmentToken,
  getEnrollmentToken,
  listEnrollmentTokens,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { assetGroupId, enrollmentTokenId } from "@attacklens/protocol/ids.ts";
import { nameKey } from "../ids.ts";
import type { ApiSession } from "./api-session.ts";
import { CommandError } from "./command-error.ts";

export async function findToken(session: ApiSession, positionals: string[]): Promise<EnrollmentToken> {
  const [named, ...more] = positionals;
  if (named === undefined || more.length > 0)
    throw new CommandError("usage", "Give one token, by its name or its id");
  const params = enrollmentTokenId.safeParse(named).success
    ? { id: named }
    : await findNamed(named, "enrollment token", (query) => session.call(listEnrollmentTokens, { query }));
  return await session.call(getEnrollmentToken, { params: { id: params.id } });
}

export async function findGroup(session: ApiSession, named: string): Promise<string> {
  if (assetGroupId.safeParse(named).success) return named;
  return (
    await findNamed(named, "asset group", (query) => session.call(listAssetGroups, { query: { ...query } }))
  ).id;
}

async function findNamed<T extends { name: string }>(
  name: string,
  noun: string,
  pageOf: (query: { q: string; limit: number; cursor?: string }) => Promise<{
    items: T[];
    nextCursor: string | null;
  }>,
): Promise<T> {
  let cursor: string | null | undefined;
  do {
    const page = await pageOf({ q: name, limit: 200, ...(cursor ? { cursor } : {}) });
    const found = page.items.find((item) => nameKey(item.name) === nameKey(name));
    if (found) return found;
    cursor = page.nextCursor;
  } while (cursor);
  throw new CommandError("not-found", `There is no ${noun} named "${name}"`);
}
