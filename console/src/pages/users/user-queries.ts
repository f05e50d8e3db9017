// The queries of the pages of users, and their loaders.
import { getUser, listUsers } from "@attacklens/protocol/users.ts";
import { listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { apiQuery } from "../../queries.ts";

export const userList = listOf(listUsers);

export const userQuery = (id: string) => apiQuery(getUser, { params: { id } });

interface UserLoad {
  context: RouterContext;
  params: { userId: string };
}

/** Not from the cache: the dialog edits what it loads. */
export async function loadUser({ context, params }: UserLoad): Promise<void> {
  await orNotFound(context.queryClient.query(userQuery(params.userId)));
}
