// The state of the page Deploy in the URL, and its loader.
import { GUIDE_IDS } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import { enrollmentTokenId } from "@attacklens/protocol/ids.ts";
import { readProxy } from "../../components/deploy-facts.ts";
import { CACHED, type RouterContext } from "../../loading.ts";
import type { DeploySearch } from "../../paths.ts";
import { connectionQuery } from "../../queries.ts";

export function readDeploySearch(search: Record<string, unknown>): DeploySearch {
  const guide = GUIDE_IDS.find((id) => id === search.guide);
  const token = enrollmentTokenId.safeParse(search.token).data;
  const { proxy } = readProxy(typeof search.proxy === "string" ? search.proxy.slice(0, 300) : "");
  return { ...(guide && { guide }), ...(token && { token }), ...(proxy && { proxy }) };
}

export async function loadDeploy({ context }: { context: RouterContext }): Promise<void> {
  await context.queryClient.query({ ...connectionQuery, ...CACHED });
}
