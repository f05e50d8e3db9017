// The site map: each page with its address, its search in the URL and its loader.
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { NothingYet, RowsSkeleton } from "./components/PageSkeleton.tsx";
import { PageNotFound, StartProblem } from "./components/RouteProblem.tsx";
import { Shell, ShellProblem, ShellSkeleton } from "./components/Shell.tsx";
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
  loadConnection,
  loadRollout,
  loadToken,
  tokenList,
} from "./pages/enrollment-tokens/token-queries.ts";
import { readProposal } from "./pages/enrollment-tokens/token-values.ts";
import {
  loadInventory,
  loadSensor,
  readInventorySearch,
  redirectToOverview,
  sensorList,
} from "./pages/sensors/sensor-queries.ts";
import { loadSystem } from "./pages/system/system-queries.ts";
import { hostList, loadRing, loadUpdates } from "./pages/updates/update-queries.ts";
import { loadUser, userList } from "./pages/users/user-queries.ts";
import { readThen } from "./paths.ts";

// Pages are loaded when the first one of their group is opened.
const publicPages = () => import("./public-pages.ts");
const signedInPages = () => import("./signed-in-pages.ts");
const AccountPage = lazyRouteComponent(signedInPages, "AccountPage");
const AuthenticatorDialog = lazyRouteComponent(signedInPages, "AuthenticatorDialog");
const ChangeNameDialog = lazyRouteComponent(signedInPages, "ChangeNameDialog");
const ChangePasswordDialog = lazyRouteComponent(signedInPages, "ChangePasswordDialog");
const OneTimeLinkPage = lazyRouteComponent(publicPages, "OneTimeLinkPage");
const SecondFactorPage = lazyRouteComponent(signedInPages, "SecondFactorPage");
const SetupPage = lazyRouteComponent(publicPages, "SetupPage");
const SignInPage = lazyRouteComponent(publicPages, "SignInPage");
const ApiKeysPage = lazyRouteComponent(signedInPages, "ApiKeysPage");
const CreateApiKeyDialog = lazyRouteComponent(signedInPages, "CreateApiKeyDialog");
const CreateGroupDialog = lazyRouteComponent(signedInPages, "CreateGroupDialog");
const GroupHistoryDialog = lazyRouteComponent(signedInPages, "GroupHistoryDialog");
const GroupsPage = lazyRouteComponent(signedInPages, "GroupsPage");
const RenameGroupDialog = lazyRouteComponent(signedInPages, "RenameGroupDialog");
const AssetHistory = lazyRouteComponent(signedInPages, "AssetHistory");
const AssetTypeDialog = lazyRouteComponent(signedInPages, "AssetTypeDialog");
const AssetOverview = lazyRouteComponent(signedInPages, "AssetOverview");
const AssetPage = lazyRouteComponent(signedInPages, "AssetPage");
const AssetsPage = lazyRouteComponent(signedInPages, "AssetsPage");
const AuditPage = lazyRouteComponent(signedInPages, "AuditPage");
const DeployPage = lazyRouteComponent(() => import("./pages/deploy/DeployPage.tsx"), "DeployPage");
const CreateTokenDialog = lazyRouteComponent(signedInPages, "CreateTokenDialog");
const EditTokenDialog = lazyRouteComponent(signedInPages, "EditTokenDialog");
const EnrollmentsPage = lazyRouteComponent(signedInPages, "EnrollmentsPage");
const ExpectedHostsDialog = lazyRouteComponent(signedInPages, "ExpectedHostsDialog");
const RolloutPage = lazyRouteComponent(signedInPages, "RolloutPage");
const RotateTokenDialog = lazyRouteComponent(signedInPages, "RotateTokenDialog");
const TokenHistory = lazyRouteComponent(signedInPages, "TokenHistory");
const TokenOverview = lazyRouteComponent(signedInPages, "TokenOverview");
const TokenPage = lazyRouteComponent(signedInPages, "TokenPage");
const TokensPage = lazyRouteComponent(signedInPages, "TokensPage");
const OverviewPage = lazyRouteComponent(signedInPages, "OverviewPage");
const SensorCategory = lazyRouteComponent(signedInPages, "SensorCategory");
const SensorHistory = lazyRouteComponent(signedInPages, "SensorHistory");
const SensorOverview = lazyRouteComponent(signedInPages, "SensorOverview");
const SensorPage = lazyRouteComponent(signedInPages, "SensorPage");
const SensorsPage = lazyRouteComponent(signedInPages, "SensorsPage");
const SystemPage = lazyRouteComponent(signedInPages, "SystemPage");
const CreateRingDialog = lazyRouteComponent(signedInPages, "CreateRingDialog");
const EditRingDialog = lazyRouteComponent(signedInPages, "EditRingDialog");
const HostsPage = lazyRouteComponent(signedInPages, "HostsPage");
const UpdatesPage = lazyRouteComponent(signedInPages, "UpdatesPage");
const ChangeRoleDialog = lazyRouteComponent(signedInPages, "ChangeRoleDialog");
const InviteUserDialog = lazyRouteComponent(signedInPages, "InviteUserDialog");
const UsersPage = lazyRouteComponent(signedInPages, "UsersPage");

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
  component: SetupPage,
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: readThen,
  loaderDeps: ({ search }) => search,
  loader: loadSignIn,
  pendingComponent: PublicSkeleton,
  component: SignInPage,
});
const accept = createRoute({
  getParentRoute: () => root,
  path: "/accept",
  loader: loadLink,
  pendingComponent: PublicSkeleton,
  component: OneTimeLinkPage,
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  loader: loadLink,
  pendingComponent: PublicSkeleton,
  component: OneTimeLinkPage,
});

const secondFactor = createRoute({
  getParentRoute: () => root,
  path: "/second-factor",
  validateSearch: readThen,
  component: SecondFactorPage,
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
const home = createRoute({ getParentRoute: () => app, path: "/", component: OverviewPage });
/** Every other address. The sidebar stays. */
const nowhere = createRoute({ getParentRoute: () => app, path: "$", component: PageNotFound });

const sensors = createRoute({
  getParentRoute: () => app,
  path: "/sensors",
  ...sensorList.route,
  component: SensorsPage,
});
const sensor = createRoute({
  getParentRoute: () => app,
  path: "/sensors/$sensorId",
  loader: loadSensor,
  component: SensorPage,
});
const sensorIndex = createRoute({ getParentRoute: () => sensor, path: "/", beforeLoad: redirectToOverview });
const sensorOverview = createRoute({
  getParentRoute: () => sensor,
  path: "overview",
  component: SensorOverview,
});
const sensorHistory = createRoute({
  getParentRoute: () => sensor,
  path: "history",
  component: SensorHistory,
});
const sensorCategory = createRoute({
  getParentRoute: () => sensor,
  path: "$category",
  validateSearch: readInventorySearch,
  loaderDeps: ({ search }) => search,
  loader: loadInventory,
  pendingComponent: RowsSkeleton,
  component: SensorCategory,
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: "/sensors/tokens",
  ...tokenList.route,
  component: TokensPage,
});
const tokenNew = createRoute({ getParentRoute: () => tokens, path: "new", component: CreateTokenDialog });
const token = createRoute({
  getParentRoute: () => app,
  path: "/sensors/tokens/$tokenId",
  loader: loadToken,
  component: TokenPage,
});
const tokenOverview = createRoute({
  getParentRoute: () => token,
  id: "token-overview",
  loader: loadConnection,
  pendingComponent: RowsSkeleton,
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
  loaderDeps: ({ search }) => (search.range ? { range: search.range } : {}),
  loader: loadRollout,
  pendingComponent: RowsSkeleton,
  component: RolloutPage,
});
const tokenHistory = createRoute({ getParentRoute: () => token, path: "history", component: TokenHistory });
const rolloutExpected = createRoute({
  getParentRoute: () => rollout,
  path: "expected",
  component: ExpectedHostsDialog,
});

const enrollments = createRoute({
  getParentRoute: () => app,
  path: "/sensors/enrollments",
  ...enrollmentList.route,
  component: EnrollmentsPage,
});

const deploy = createRoute({
  getParentRoute: () => app,
  path: "/sensors/deploy",
  validateSearch: readDeploySearch,
  loader: loadDeploy,
  component: DeployPage,
});
const updates = createRoute({
  getParentRoute: () => app,
  path: "/sensors/updates",
  loader: loadUpdates,
  component: UpdatesPage,
});
const ringNew = createRoute({
  getParentRoute: () => updates,
  path: "rings/new",
  component: CreateRingDialog,
});
const ringEdit = createRoute({
  getParentRoute: () => updates,
  path: "rings/$ringId/edit",
  loader: loadRing,
  pendingComponent: NothingYet,
  component: EditRingDialog,
});
const updateHosts = createRoute({
  getParentRoute: () => app,
  path: "/sensors/updates/hosts",
  ...hostList.route,
  component: HostsPage,
});

const assets = createRoute({
  getParentRoute: () => app,
  path: "/assets",
  ...assetList.route,
  component: AssetsPage,
});
const asset = createRoute({
  getParentRoute: () => app,
  path: "/assets/$assetId",
  loader: loadAsset,
  component: AssetPage,
});
const assetOverview = createRoute({
  getParentRoute: () => asset,
  id: "asset-overview",
  component: AssetOverview,
});
const assetIndex = createRoute({ getParentRoute: () => assetOverview, path: "/" });
const assetType = createRoute({
  getParentRoute: () => assetOverview,
  path: "type",
  pendingComponent: NothingYet,
  component: AssetTypeDialog,
});
const assetHistory = createRoute({ getParentRoute: () => asset, path: "history", component: AssetHistory });
const groups = createRoute({
  getParentRoute: () => app,
  path: "/assets/groups",
  ...groupList.route,
  component: GroupsPage,
});
const groupNew = createRoute({ getParentRoute: () => groups, path: "new", component: CreateGroupDialog });
const groupEdit = createRoute({
  getParentRoute: () => groups,
  path: "$groupId/edit",
  loader: loadGroup,
  pendingComponent: NothingYet,
  component: RenameGroupDialog,
});

const groupHistory = createRoute({
  getParentRoute: () => groups,
  path: "$groupId/history",
  loader: loadGroup,
  component: GroupHistoryDialog,
});

const auditLog = createRoute({
  getParentRoute: () => app,
  path: "/settings/audit",
  ...auditList.route,
  component: AuditPage,
});
const apiKeys = createRoute({
  getParentRoute: () => app,
  path: "/settings/api-keys",
  ...apiKeyList.route,
  component: ApiKeysPage,
});
const apiKeyNew = createRoute({ getParentRoute: () => apiKeys, path: "new", component: CreateApiKeyDialog });

const account = createRoute({
  getParentRoute: () => app,
  path: "/account",
  loader: loadAccount,
  component: AccountPage,
});
const accountName = createRoute({ getParentRoute: () => account, path: "name", component: ChangeNameDialog });
const accountAuthenticator = createRoute({
  getParentRoute: () => account,
  path: "authenticator-app",
  component: AuthenticatorDialog,
});
const accountPassword = createRoute({
  getParentRoute: () => account,
  path: "password",
  component: ChangePasswordDialog,
});
const system = createRoute({
  getParentRoute: () => app,
  path: "/settings/system",
  loader: loadSystem,
  component: SystemPage,
});

const users = createRoute({
  getParentRoute: () => app,
  path: "/team/users",
  ...userList.route,
  component: UsersPage,
});
const userInvite = createRoute({ getParentRoute: () => users, path: "invite", component: InviteUserDialog });
const userRole = createRoute({
  getParentRoute: () => users,
  path: "$userId/role",
  loader: loadUser,
  pendingComponent: NothingYet,
  component: ChangeRoleDialog,
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
    updates.addChildren([ringNew, ringEdit]),
    updateHosts,
    assets,
    groups.addChildren([groupNew, groupEdit, groupHistory]),
    asset.addChildren([assetOverview.addChildren([assetIndex, assetType]), assetHistory]),
    auditLog,
    apiKeys.addChildren([apiKeyNew]),
    account.addChildren([accountName, accountPassword, accountAuthenticator]),
    users.addChildren([userInvite, userRole]),
    system,
    nowhere,
  ]),
]);
