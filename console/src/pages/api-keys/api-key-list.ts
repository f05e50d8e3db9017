import { listApiKeys } from "@attacklens/protocol/api-keys.ts";
import { listOf } from "../../loading.ts";

export const apiKeyList = listOf(listApiKeys);
