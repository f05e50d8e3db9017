// All routes. The server serves and documents only the routes in this list.
import { changePassword, completeSetup, getMe, getSetup, signIn, signOut, updateMe } from "./account.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { listArrivals } from "./arrivals.ts";
import {
  createAssetGroup,
  deleteAssetGroup,
  getAssetGroup,
  listAssetGroups,
  renameAssetGroup,
} from "./asset-groups.ts";
import { getAsset, listAssets } from "./assets.ts";
import { exportAuditCsv, exportAuditJsonLines, HISTORIES, listAuditEvents } from "./audit-events.ts";
import { streamChanges } from "./changes.ts";
import { checkIn } from "./check-in.ts";
import { getConnection, getRoots } from "./connection.ts";
import { checkToken, confirmSensor, enroll, enrollClone, reEnroll, replaceKey } from "./enroll.ts";
import { getEnrollmentDays, listEnrollmentAttempts } from "./enrollment-attempts.ts";
import {
  createEnrollmentToken,
  deleteEnrollmentToken,
  getEnrollmentToken,
  listEnrollmentTokens,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
  revokeEnrollmentToken,
  rotateEnrollmentToken,
  updateEnrollmentToken,
} from "./enrollment-tokens.ts";
import { putChunks, putManifest } from "./inventory/upload.ts";
import { lookUpLink, useLink } from "./one-time-links.ts";
import { getOverview } from "./overview.ts";
import {
  downloadCa,
  downloadFile,
  downloadManifest,
  downloadReleaseFile,
  downloadReleaseManifest,
  installPowerShell,
  installShell,
} from "./releases/downloads.ts";
import { previewEnrollmentToken, revokeAndBlockEnrollmentToken } from "./revoke-and-block.ts";
import { getRollout, getTimeline, setRollout } from "./rollout.ts";
import type { Route } from "./route.ts";
import { previewSensorAction, runSensorAction } from "./sensor-actions.ts";
import { countSensors } from "./sensor-counts.ts";
import { listSensorInventory } from "./sensor-inventory.ts";
import {
  approveSensor,
  blockSensor,
  createTicket,
  deleteSensor,
  dismissMatch,
  getSensor,
  listSensors,
  mergeSensor,
  unblockSensor,
  undoMerge,
  withdrawApproval,
} from "./sensors.ts";
import { confirmIdentity, listSessions, revokeAllSessions, revokeSession } from "./sessions.ts";
import { getSystemStatus, listLicenses } from "./system-status.ts";
import { previewTokenAction, runTokenAction } from "./token-actions.ts";
import { unenroll } from "./unenroll.ts";
import {
  createUpdateRing,
  deleteUpdateRing,
  getHostUpdate,
  getUpdateRing,
  getUpdates,
  listUpdateEvents,
  listUpdateHosts,
  orderUpdateRings,
  pauseUpdateRing,
  resumeUpdateRing,
  retryHostUpdate,
  retryUpdateRing,
  updateUpdateRing,
} from "./update-rings.ts";
import {
  createResetLink,
  deleteUser,
  disableUser,
  enableUser,
  getUser,
  inviteUser,
  listUsers,
  renewInvitation,
  updateUser,
} from "./users.ts";

export const ROUTES: readonly Route[] = [
  getSetup,
  completeSetup,
  signIn,
  signOut,
  confirmIdentity,
  getMe,
  updateMe,
  changePassword,
  listSessions,
  revokeSession,
  revokeAllSessions,
  listEnrollmentTokens,
  previewTokenAction,
  runTokenAction,
  createEnrollmentToken,
  getEnrollmentToken,
  updateEnrollmentToken,
  previewEnrollmentToken,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
  rotateEnrollmentToken,
  revokeEnrollmentToken,
  revokeAndBlockEnrollmentToken,
  deleteEnrollmentToken,
  listEnrollmentAttempts,
  getEnrollmentDays,
  getRollout,
  setRollout,
  getTimeline,
  listArrivals,
  listSensors,
  previewSensorAction,
  runSensorAction,
  countSensors,
  getOverview,
  getSensor,
  approveSensor,
  withdrawApproval,
  blockSensor,
  unblockSensor,
  createTicket,
  dismissMatch,
  mergeSensor,
  undoMerge,
  deleteSensor,
  listSensorInventory,
  listAssets,
  getAsset,
  listAssetGroups,
  createAssetGroup,
  getAssetGroup,
  renameAssetGroup,
  deleteAssetGroup,
  getUpdates,
  listUpdateHosts,
  listUpdateEvents,
  getHostUpdate,
  retryHostUpdate,
  createUpdateRing,
  getUpdateRing,
  updateUpdateRing,
  orderUpdateRings,
  pauseUpdateRing,
  resumeUpdateRing,
  retryUpdateRing,
  deleteUpdateRing,
  listApiKeys,
  createApiKey,
  revokeApiKey,
  listUsers,
  inviteUser,
  getUser,
  updateUser,
  disableUser,
  enableUser,
  renewInvitation,
  createResetLink,
  deleteUser,
  lookUpLink,
  useLink,
  listAuditEvents,
  exportAuditJsonLines,
  exportAuditCsv,
  ...Object.values(HISTORIES),
  getSystemStatus,
  listLicenses,
  streamChanges,
  getConnection,
  getRoots,
  checkToken,
  enroll,
  reEnroll,
  replaceKey,
  enrollClone,
  confirmSensor,
  unenroll,
  checkIn,
  putManifest,
  putChunks,
  installShell,
  installPowerShell,
  downloadManifest,
  downloadReleaseManifest,
  downloadCa,
  downloadFile,
  downloadReleaseFile,
];
