import { listAuditEvents } from "@attacklens/protocol/audit-events.ts";
import { listOf } from "../../loading.ts";

export const auditList = listOf(listAuditEvents);
