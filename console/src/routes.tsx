// The whole site map: each page with its address, its search and what is loaded before it shows.
import type { Account } from "@attacklens/protocol/account.ts";
import { listApiKeys } from "@attacklens/protocol/api-keys.ts";
import { getAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { getAsset, listAssets } from "@attacklens/protocol/assets.ts";
import { getEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { getRollout } from "@attacklens/protocol/rollout.ts";
import { getSensor, listSensorInventory, listSensors } from "@attacklens/protocol/sensors.ts";
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  notFound,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { problemOf } from "./api.ts";
import { listSearch } from "./components/list-search.ts";
import { PageNotFound, RouteProblem, StartProblem } from "./components/RouteProblem.tsx";
import { Shell } from "./components/Shell.tsx";
import { SetupPage } from "./pages/account/SetupPage.tsx";
import { SignInPage } from "./pages/account/SignInPage.tsx";
import { takeSetupCode } from "./pages/account/setup-code.ts";
import { ApiKeysPage } from "./pages/api-keys/ApiKeysPage.tsx";
import { CreateApiKeyDialog } from "./pages/api-keys/CreateApiKeyDialog.tsx";
import { CreateGroupDialog } from "./pages/asset-groups/CreateGroupDialog.tsx";
import { GroupsPage } from "./pages/asset-groups/GroupsPage.tsx";
import { RenameGroupDialog } from "./pages/asset-groups/RenameGroupDialog.tsx";
import { AssetPage } from "./pages/assets/AssetPage.tsx";
import { AssetsPage } from "./pages/assets/AssetsPage.tsx";
import { CreateTokenDialog } from "./pages/enrollment-tokens/CreateTokenDialog.tsx";
import { EditTokenDialog } from "./pages/enrollment-tokens/EditTokenDialog.tsx";
import { ExpectedMachinesDialog } from "./pages/enrollment-tokens/ExpectedMachinesDialog.tsx";
import { RolloutPage, readRolloutSearch } from "./pages/enrollment-tokens/RolloutPage.tsx";
import { RotateTokenDialog } from "./pages/enrollment-tokens/RotateTokenDialog.tsx";
import { TokenOverview } from "./pages/enrollment-tokens/TokenOverview.tsx";
import { TokenPage } from "./pages/enrollment-tokens/TokenPage.tsx";
import { TokensPage } from "./pages/enrollment-tokens/TokensPage.tsx";
import { readProposal } from "./pages/enrollment-tokens/token-values.ts";
import { OverviewPage } from "./pages/overview/OverviewPage.tsx";
import { isCategory, SensorCategory } from "./pages/sensors/SensorCategory.tsx";
import { SensorOverview } from "./pages/sensors/SensorOverview.tsx";
import { SensorPage } from "./pages/sensors/SensorPage.tsx";
import { SensorsPage } from "./pages/sensors/SensorsPage.tsx";
import { parseSearch, paths, readThen, stringifySearch } from "./paths.ts";
import { apiListQuery, apiQuery, connectionQuery, meQuery, setupQuery } from "./queries.ts";

interface RouterContext {
  queryClient: QueryClient;
}

const sensorsSearch = listSearch(listSensors);
const inventorySearch = listSearch(listSensorInventory);
const tokensSearch = listSearch(listEnrollmentTokens);
const assetsSearch = listSearch(listAssets);
const apiKeysSearch = listSearch(listApiKeys);
const groupsSearch = listSearch(listAssetGroups);

/** What is in memory is good enough to show; the page on the screen refreshes it by itself. */
const STATIC = { staleTime: "static" } as const;

/** What the server does not have is a page that is not there, not a failure. */
async function orNotFound(loading: Promise<unknown>): Promise<void> {
  try {
    await loading;
  } catch (error) {
    const { code } = problemOf(error);
    if (code === "not-found" || code === "input-invalid") throw notFound();
    throw error;
  }
}

const root = createRootRouteWithContext<RouterContext>()({ component: Outlet, errorComponent: StartProblem });

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  loader: async ({ context }): Promise<string | undefined> => {
    const code = takeSetupCode();
    const { needed } = await context.queryClient.query(setupQuery);
    if (!needed) throw redirect(paths.signIn());
    return code;
  },
  component: SetupPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: readThen,
  loader: async ({ context }): Promise<void> => {
    const { needed } = await context.queryClient.query(setupQuery);
    if (needed) throw redirect(paths.setup());
  },
  component: SignInPage,
});

/** Everything behind the sign-in. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ context, location }): Promise<{ me: Account }> => {
    try {
      return { me: await context.queryClient.query({ ...meQuery, ...STATIC }) };
    } catch (error) {
      if (problemOf(error).code !== "not-signed-in") throw error;
      throw redirect(paths.signIn(location.href));
    }
  },
  component: Shell,
  errorComponent: StartProblem,
});

const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: OverviewPage,
});

const sensors = createRoute({
  getParentRoute: () => app,
  path: "/sensors",
  validateSearch: sensorsSearch,
  loaderDeps: ({ search }) => search,
  loader: async ({ context, deps }): Promise<void> => {
    await context.queryClient.infiniteQuery({ ...apiListQuery(listSensors, { query: deps }), ...STATIC });
  },
  component: SensorsPage,
});

const sensor = createRoute({
  getParentRoute: () => app,
  path: "/sensors/$sensorId",
  loader: async ({ context, params }): Promise<void> => {
    await orNotFound(
      context.queryClient.query({
        ...apiQuery(getSensor, { params: { id: params.sensorId } }),
        ...STATIC,
      }),
    );
  },
  component: SensorPage,
});

const sensorIndex = createRoute({
  getParentRoute: () => sensor,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ ...paths.sensor(params.sensorId), replace: true });
  },
});

const sensorOverview = createRoute({
  getParentRoute: () => sensor,
  path: "overview",
  component: SensorOverview,
});

const sensorCategory = createRoute({
  getParentRoute: () => sensor,
  path: "$category",
  validateSearch: inventorySearch,
  loaderDeps: ({ search }) => ({ q: search.q }),
  loader: async ({ context, params, deps }): Promise<void> => {
    const { sensorId, category } = params;
    if (!isCategory(category)) throw notFound();
    const request = { params: { id: sensorId, category }, ...(deps.q ? { query: { q: deps.q } } : {}) };
    await orNotFound(
      context.queryClient.infiniteQuery({ ...apiListQuery(listSensorInventory, request), ...STATIC }),
    );
  },
  component: SensorCategory,
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: "/sensors/tokens",
  validateSearch: tokensSearch,
  loaderDeps: ({ search }) => search,
  loader: async ({ context, deps }): Promise<void> => {
    const query = apiListQuery(listEnrollmentTokens, { query: deps });
    await context.queryClient.infiniteQuery({ ...query, ...STATIC });
  },
  component: TokensPage,
});

const tokenNew = createRoute({
  getParentRoute: () => tokens,
  path: "new",
  component: CreateTokenDialog,
});

const token = createRoute({
  getParentRoute: () => app,
  path: "/sensors/tokens/$tokenId",
  loader: async ({ context, params }): Promise<void> => {
    const query = apiQuery(getEnrollmentToken, { params: { id: params.tokenId } });
    await orNotFound(context.queryClient.query({ ...query, ...STATIC }));
  },
  component: TokenPage,
});

const tokenOverview = createRoute({
  getParentRoute: () => token,
  id: "token-overview",
  loader: async ({ context }): Promise<void> => {
    await context.queryClient.query({ ...connectionQuery, ...STATIC });
  },
  component: TokenOverview,
});

const tokenIndex = createRoute({ getParentRoute: () => tokenOverview, path: "/" });

const tokenEdit = createRoute({
  getParentRoute: () => tokenOverview,
  path: "edit",
  validateSearch: readProposal,
  component: EditTokenDialog,
});

const tokenRotate = createRoute({
  getParentRoute: () => tokenOverview,
  path: "rotate",
  component: RotateTokenDialog,
});

const rollout = createRoute({
  getParentRoute: () => token,
  path: "rollout",
  validateSearch: readRolloutSearch,
  loader: async ({ context, params }): Promise<void> => {
    const query = apiQuery(getRollout, { params: { id: params.tokenId } });
    await orNotFound(context.queryClient.query({ ...query, ...STATIC }));
  },
  component: RolloutPage,
});

const rolloutExpected = createRoute({
  getParentRoute: () => rollout,
  path: "expected",
  component: ExpectedMachinesDialog,
});

const assets = createRoute({
  getParentRoute: () => app,
  path: "/assets",
  validateSearch: assetsSearch,
  loaderDeps: ({ search }) => search,
  loader: async ({ context, deps }): Promise<void> => {
    await context.queryClient.infiniteQuery({ ...apiListQuery(listAssets, { query: deps }), ...STATIC });
  },
  component: AssetsPage,
});

const asset = createRoute({
  getParentRoute: () => app,
  path: "/assets/$assetId",
  loader: async ({ context, params }): Promise<void> => {
    await orNotFound(
      context.queryClient.query({ ...apiQuery(getAsset, { params: { id: params.assetId } }), ...STATIC }),
    );
  },
  component: AssetPage,
});

const groups = createRoute({
  getParentRoute: () => app,
  path: "/assets/groups",
  validateSearch: groupsSearch,
  loaderDeps: ({ search }) => search,
  loader: async ({ context, deps }): Promise<void> => {
    await context.queryClient.infiniteQuery({ ...apiListQuery(listAssetGroups, { query: deps }), ...STATIC });
  },
  component: GroupsPage,
});

const groupNew = createRoute({
  getParentRoute: () => groups,
  path: "new",
  component: CreateGroupDialog,
});

const groupEdit = createRoute({
  getParentRoute: () => groups,
  path: "$groupId/edit",
  loader: async ({ context, params }): Promise<void> => {
    await orNotFound(context.queryClient.query(apiQuery(getAssetGroup, { params: { id: params.groupId } })));
  },
  component: RenameGroupDialog,
});

const apiKeys = createRoute({
  getParentRoute: () => app,
  path: "/settings/api-keys",
  validateSearch: apiKeysSearch,
  loaderDeps: ({ search }) => search,
  loader: async ({ context, deps }): Promise<void> => {
    await context.queryClient.infiniteQuery({ ...apiListQuery(listApiKeys, { query: deps }), ...STATIC });
  },
  component: ApiKeysPage,
});

const apiKeyNew = createRoute({
  getParentRoute: () => apiKeys,
  path: "new",
  component: CreateApiKeyDialog,
});

/** What no other route takes, shown beside the sidebar. */
const nowhere = createRoute({ getParentRoute: () => app, path: "$", component: PageNotFound });

const routeTree = root.addChildren([
  setup,
  signIn,
  app.addChildren([
    home,
    sensors,
    tokens.addChildren([tokenNew]),
    token.addChildren([
      tokenOverview.addChildren([tokenIndex, tokenEdit, tokenRotate]),
      rollout.addChildren([rolloutExpected]),
    ]),
    sensor.addChildren([sensorIndex, sensorOverview, sensorCategory]),
    assets,
    groups.addChildren([groupNew, groupEdit]),
    asset,
    apiKeys.addChildren([apiKeyNew]),
    nowhere,
  ]),
]);

export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: RouteProblem,
    defaultNotFoundComponent: PageNotFound,
    scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
