import { confirmSensor, replaceKey } from "@attacklens/protocol/enroll.ts";
import { handler } from "../../route-handler.ts";
import { announceKey } from "./key-rotation.ts";

export const identityRoutes = [
  handler(replaceKey, async ({ body, sensor }, { db }) => {
    await announceKey(db, sensor.id, body);
    return undefined;
  }),
  // The sensor's signature was accepted before: there is nothing else to confirm.
  handler(confirmSensor, async () => undefined),
];
