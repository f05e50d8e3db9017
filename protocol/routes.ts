// Every route there is. What is not in this list is not served and not documented.
import { completeSetup, getMe, getSetup, signIn, signOut } from "./account.ts";
import {
  createAssetGroup,
  deleteAssetGroup,
  getAssetGroup,
  listAssetGroups,
  renameAssetGroup,
} from "./asset-groups.ts";
import { getAsset, listAssets } from "./assets.ts";
import { checkIn } from "./check-in.ts";
import { enroll } from "./enroll.ts";
import {
  createEnrollmentToken,
  deleteEnrollmentToken,
  getEnrollmentToken,
  listEnrollmentTokens,
  revokeEnrollmentToken,
} from "./enrollment-tokens.ts";
import { putChunks, putManifest } from "./inventory/upload.ts";
import type { Route } from "./route.ts";
import { deleteSensor, getSensor, listSensorInventory, listSensors } from "./sensors.ts";

export const ROUTES: readonly Route[] = [
  getSetup,
  completeSetup,
  signIn,
  signOut,
  getMe,
  listEnrollmentTokens,
  createEnrollmentToken,
  getEnrollmentToken,
  revokeEnrollmentToken,
  deleteEnrollmentToken,
  listSensors,
  getSensor,
  deleteSensor,
  listSensorInventory,
  listAssets,
  getAsset,
  listAssetGroups,
  createAssetGroup,
  getAssetGroup,
  renameAssetGroup,
  deleteAssetGroup,
  enroll,
  checkIn,
  putManifest,
  putChunks,
];
