import { confirmSensor, replaceKey } from "@attacklens/protocol/enroll.ts";
import { handler } from "../../route-handler.ts";
import { announceKey } from "./key-rotation.ts";

export const identityRoutes = [
  handler(replaceKey, async ({ body, sensor }, { db }) => {
    await announceKey(db, sensor, body);
    return undefined;
  }),
  // Authentication has already verified the sensor's signature. There is nothing else to do.
  handler(confirmSensor, async () => undefined),
];
