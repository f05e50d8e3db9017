// The site map: each page with its address, its search in the URL and its loader.
import { createRootRouteWithContext, createRoute, Outlet } from "@tanstack/react-router";
import { NothingYet, RowsSkeleton } from "./components/PageSkeleton.tsx";
import { PageNotFound, StartProblem } from "./components/RouteProblem.tsx";
import { Shell, ShellProblem, ShellSkeleton } from "./components/Shell.tsx";
import * as pages from "./lazy-pages.ts";
import type { RouterContext } from "./loading.ts";
import { loadSetup, loadSignIn, requireSignIn } from "./pages/account/account-loaders.ts";
import { loadAccount } from "./pages/account/account-queries.ts";
import { loadLink } from "./pages/account/one-time-link.ts";
import { PublicSkeleton } from "./pages/account/PublicFrame.tsx";
import { apiKeyList } from "./pages/api-keys/api-key-list.ts";
import { groupList, loadGroup } from "./pages/asset-groups/group-queries.ts";
import { assetList, loadAsset } from "./pages/assets/asset-queries.ts";
import { auditList } from "./pages/audit/audit-list.ts";
import { loadDeploy, readDeploySearch } from "./pages/deploy/deploy-search.ts";
import { enrollmentList } from "./pages/enrollment-tokens/enrollment-list.ts";
import { readRolloutSearch } from "./pages/enrollment-tokens/rollout-states.ts";
import {
  loadRollout,
  loadToken,
  loadTokenOverview,
  tokenList,
} from "./pages/enrollment-tokens/token-queries.ts";
import { readProposal } from "./pages/enrollment-tokens/token-values.ts";
import {
  loadInventory,
  loadSensor,
  readInventorySearch,
  redirectToOverview,
  sensorsRoute,
} from "./pages/sensors/sensor-queries.ts";
import { loadSystem } from "./pages/system/system-queries.ts";
import { hostList, loadRing, loadUpdates } from "./pages/updates/update-queries.ts";
import { loadUser, userList } from "./pages/users/user-queries.ts";
import { readThen } from "./paths.ts";

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  pendingComponent: NothingYet,
  errorComponent: StartProblem,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  loader: loadSetup,
  pendingComponent: PublicSkeleton,
  component: pages.SetupPage,
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: readThen,
  loaderDeps: ({ search }) => search,
  loader: loadSignIn,
  pendingComponent: PublicSkeleton,
  component: pages.SignInPage,
});
const accept = createRoute({
  getParentRoute: () => root,
  path: "/accept",
  loader: loadLink,
  pendingComponent: PublicSkeleton,
  component: pages.OneTimeLinkPage,
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  loader: loadLink,
  pendingComponent: PublicSkeleton,
  component: pages.OneTimeLinkPage,
});

const secondFactor = createRoute({
  getParentRoute: () => root,
  path: "/second-factor",
  validateSearch: readThen,
  component: pages.SecondFactorPage,
});

/** Every page that needs a signed-in user. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: requireSignIn,
  component: Shell,
  pendingComponent: ShellSkeleton,
  errorComponent: ShellProblem,
});
const home = createRoute({ getParentRoute: () => app, path: "/", component: pages.OverviewPage });
/** Every other address. The sidebar stays. */
const nowhere = createRoute({ getParentRoute: () => app, path: "$", component: PageNotFound });

const sensors = createRoute({
  getParentRoute: () => app,
  path: "/sensors",
  ...sensorsRoute,
  component: pages.SensorsPage,
});
const sensor = createRoute({
  getParentRoute: () => app,
  path: "/sensors/$sensorId",
  loader: loadSensor,
  component: pages.SensorPage,
});
const sensorIndex = createRoute({ getParentRoute: () => sensor, path: "/", beforeLoad: redirectToOverview });
const sensorOverview = createRoute({
  getParentRoute: () => sensor,
  path: "overview",
  component: pages.SensorOverview,
});
const sensorHistory = createRoute({
  getParentRoute: () => sensor,
  path: "history",
  component: pages.SensorHistory,
});
const sensorCategory = createRoute({
  getParentRoute: () => sensor,
  path: "$category",
  validateSearch: readInventorySearch,
  loaderDeps: ({ search }) => search,
  loader: loadInventory,
  pendingComponent: RowsSkeleton,
  component: pages.SensorCategory,
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: "/sensors/tokens",
  ...tokenList.route,
  component: pages.TokensPage,
});
const tokenNew = createRoute({
  getParentRoute: () => tokens,
  path: "new",
  component: pages.CreateTokenDialog,
});
const token = createRoute({
  getParentRoute: () => app,
  path: "/sensors/tokens/$tokenId",
  loader: loadToken,
  component: pages.TokenPage,
});
const tokenOverview = createRoute({
  getParentRoute: () => token,
  id: "token-overview",
  loader: loadTokenOverview,
  pendingComponent: RowsSkeleton,
  component: pages.TokenOverview,
});
const tokenIndex = createRoute({ getParentRoute: () => tokenOverview, path: "/" });
const tokenEdit = createRoute({
  getParentRoute: () => tokenOverview,
  path: "edit",
  validateSearch: readProposal,
  component: pages.EditTokenDialog,
});
const tokenRotate = createRoute({
  getParentRoute: () => tokenOverview,
  path: "rotate",
  component: pages.RotateTokenDialog,
});
const rollout = createRoute({
  getParentRoute: () => token,
  path: "rollout",
  validateSearch: readRolloutSearch,
  loaderDeps: ({ search }) => (search.range ? { range: search.range } : {}),
  loader: loadRollout,
  pendingComponent: RowsSkeleton,
  component: pages.RolloutPage,
});
const tokenHistory = createRoute({
  getParentRoute: () => token,
  path: "history",
  component: pages.TokenHistory,
});
const rolloutExpected = createRoute({
  getParentRoute: () => rollout,
  path: "expected",
  component: pages.ExpectedHostsDialog,
});

const enrollments = createRoute({
  getParentRoute: () => app,
  path: "/sensors/enrollments",
  ...enrollmentList.route,
  component: pages.EnrollmentsPage,
});

const deploy = createRoute({
  getParentRoute: () => app,
  path: "/sensors/deploy",
  validateSearch: readDeploySearch,
  loader: loadDeploy,
  component: pages.DeployPage,
});
const updates = createRoute({
  getParentRoute: () => app,
  path: "/sensors/updates",
  loader: loadUpdates,
  component: pages.UpdatesPage,
});
const ringNew = createRoute({
  getParentRoute: () => updates,
  path: "rings/new",
  component: pages.CreateRingDialog,
});
const ringEdit = createRoute({
  getParentRoute: () => updates,
  path: "rings/$ringId/edit",
  loader: loadRing,
  pendingComponent: NothingYet,
  component: pages.EditRingDialog,
});
const ringHistory = createRoute({
  getParentRoute: () => updates,
  path: "rings/$ringId/history",
  component: pages.RingHistoryDialog,
});
const updateHosts = createRoute({
  getParentRoute: () => app,
  path: "/sensors/updates/hosts",
  ...hostList.route,
  component: pages.HostsPage,
});

const assets = createRoute({
  getParentRoute: () => app,
  path: "/assets",
  ...assetList.route,
  component: pages.AssetsPage,
});
const asset = createRoute({
  getParentRoute: () => app,
  path: "/assets/$assetId",
  loader: loadAsset,
  component: pages.AssetPage,
});
const assetOverview = createRoute({
  getParentRoute: () => asset,
  id: "asset-overview",
  component: pages.AssetOverview,
});
const assetIndex = createRoute({ getParentRoute: () => assetOverview, path: "/" });
const assetType = createRoute({
  getParentRoute: () => assetOverview,
  path: "type",
  pendingComponent: NothingYet,
  component: pages.AssetTypeDialog,
});
const assetMove = createRoute({
  getParentRoute: () => assetOverview,
  path: "move",
  pendingComponent: NothingYet,
  component: pages.MoveAssetPage,
});
const assetHistory = createRoute({
  getParentRoute: () => asset,
  path: "history",
  component: pages.AssetHistory,
});
const groups = createRoute({
  getParentRoute: () => app,
  path: "/assets/groups",
  ...groupList.route,
  component: pages.GroupsPage,
});
const groupNew = createRoute({
  getParentRoute: () => groups,
  path: "new",
  component: pages.CreateGroupDialog,
});
const groupEdit = createRoute({
  getParentRoute: () => groups,
  path: "$groupId/edit",
  loader: loadGroup,
  pendingComponent: NothingYet,
  component: pages.RenameGroupDialog,
});

const groupHistory = createRoute({
  getParentRoute: () => groups,
  path: "$groupId/history",
  component: pages.GroupHistoryDialog,
});

const auditLog = createRoute({
  getParentRoute: () => app,
  path: "/settings/audit",
  ...auditList.route,
  component: pages.AuditPage,
});
const apiKeys = createRoute({
  getParentRoute: () => app,
  path: "/settings/api-keys",
  ...apiKeyList.route,
  component: pages.ApiKeysPage,
});
const apiKeyNew = createRoute({
  getParentRoute: () => apiKeys,
  path: "new",
  component: pages.CreateApiKeyDialog,
});
const apiKeyHistory = createRoute({
  getParentRoute: () => apiKeys,
  path: "$keyId/history",
  component: pages.ApiKeyHistoryDialog,
});

const account = createRoute({
  getParentRoute: () => app,
  path: "/account",
  loader: loadAccount,
  component: pages.AccountPage,
});
const accountName = createRoute({
  getParentRoute: () => account,
  path: "name",
  component: pages.ChangeNameDialog,
});
const accountAuthenticator = createRoute({
  getParentRoute: () => account,
  path: "authenticator-app",
  component: pages.AuthenticatorDialog,
});
const accountPassword = createRoute({
  getParentRoute: () => account,
  path: "password",
  component: pages.ChangePasswordDialog,
});
const system = createRoute({
  getParentRoute: () => app,
  path: "/settings/system",
  loader: loadSystem,
  component: pages.SystemPage,
});

const users = createRoute({
  getParentRoute: () => app,
  path: "/team/users",
  ...userList.route,
  component: pages.UsersPage,
});
const userInvite = createRoute({
  getParentRoute: () => users,
  path: "invite",
  component: pages.InviteUserDialog,
});
const userRole = createRoute({
  getParentRoute: () => users,
  path: "$userId/role",
  loader: loadUser,
  pendingComponent: NothingYet,
  component: pages.ChangeRoleDialog,
});
const userHistory = createRoute({
  getParentRoute: () => users,
  path: "$userId/history",
  component: pages.UserHistoryDialog,
});

export const routeTree = root.addChildren([
  setup,
  signIn,
  accept,
  reset,
  secondFactor,
  app.addChildren([
    home,
    sensors,
    tokens.addChildren([tokenNew]),
    token.addChildren([
      tokenOverview.addChildren([tokenIndex, tokenEdit, tokenRotate]),
      rollout.addChildren([rolloutExpected]),
      tokenHistory,
    ]),
    enrollments,
    deploy,
    sensor.addChildren([sensorIndex, sensorOverview, sensorHistory, sensorCategory]),
    updates.addChildren([ringNew, ringEdit, ringHistory]),
    updateHosts,
    assets,
    groups.addChildren([groupNew, groupEdit, groupHistory]),
    asset.addChildren([assetOverview.addChildren([assetIndex, assetType, assetMove]), assetHistory]),
    auditLog,
    apiKeys.addChildren([apiKeyNew, apiKeyHistory]),
    account.addChildren([accountName, accountPassword, accountAuthenticator]),
    users.addChildren([userInvite, userRole, userHistory]),
    system,
    nowhere,
  ]),
]);
