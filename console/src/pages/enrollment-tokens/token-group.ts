// The asset group of a new token, by the name that the user typed.
import { type createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { type Creation, callApi, problemOf } from "../../api.ts";

/** Names that differ only in case are the same name for the server. */
export function isNameOf(group: { name: string }, typed: string): boolean {
  const form = (name: string) => name.trim().normalize("NFKC").toLowerCase();
  return form(group.name) === form(typed);
}

/**
 * Returns the id of the asset group with the name, and creates the group if there is none. If the token is
 * refused afterwards, the group stays, and the next submit finds it.
 */
export async function groupIdOf(
  name: string,
  createGroup: Creation<typeof createAssetGroup>,
): Promise<string> {
  const { items } = await callApi(listAssetGroups, { query: { q: name.trim(), limit: 200 } });
  const found = items.find((group) => isNameOf(group, name));
  if (found) return found.id;
  try {
    return (await createGroup(name, () => ({ body: { name: name.trim() } }))).id;
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status >= 500) throw problem;
    throw new Problem(problem.code, problem.detail, { fields: { groupName: problem.detail } });
  }
}
