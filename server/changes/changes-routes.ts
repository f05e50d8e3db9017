import { streamChanges } from "@attacklens/protocol/changes.ts";
import { handler } from "../route-handler.ts";

export const changeRoutes = [
  handler(streamChanges, async ({ user, http }, { changes }) => {
    http.replyStream = changes.open(user);
    return undefined;
  }),
];
