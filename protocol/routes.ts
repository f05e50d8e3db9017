// All routes. The server serves and documents only the routes in this list.
import { completeSetup, getMe, getSetup, signIn, signOut } from "./account.ts";
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
import { streamChanges } from "./changes.ts";
import { checkIn } from "./check-in.ts";
import { getConnection, getRoots } from "./connection.ts";
import { checkToken, confirmSensor, enroll, enrollClone, reEnroll, replaceKey } from "./enroll.ts";
import { listEnrollmentAttempts } from "./enrollment-attempts.ts";
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
import {
  approveSensor,
  blockSensor,
  createTicket,
  deleteSensor,
  dismissMatch,
  getSensor,
  listSensorInventory,
  listSensors,
  mergeSensor,
  unblockSensor,
  undoMerge,
  withdrawApproval,
} from "./sensors.ts";
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

export const ROUTES: readonly Route[] = [
  getSetup,
  completeSetup,
  signIn,
  signOut,
  getMe,
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
  getRollout,
  setRollout,
  getTimeline,
  listArrivals,
  listSensors,
  previewSensorAction,
  runSensorAction,
  countSensors,
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
