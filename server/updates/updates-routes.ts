import * as routes from "@attacklens/protocol/update-rings.ts";
import { listHistory } from "../audit/audit-events.ts";
import type { User } from "../caller.ts";
import { handler, type Services } from "../route-handler.ts";
import { changeRing, createRing, deleteRing, orderRings, retryRing, setRingPaused } from "./rings.ts";
import { findRing, getHostUpdate, getUpdates, listUpdateHosts, presentRing, retryHost } from "./updates.ts";

/** The ring as it is after a change. */
async function ringAfter({ plans, now, countFleet }: Services, user: User, id: string) {
  plans.changed();
  const plan = await plans.current();
  return presentRing(plan, now(), user, findRing(plan, id), await countFleet());
}

export const updateRoutes = [
  handler(routes.getUpdates, async ({ user }, { plans, now, countFleet }) =>
    getUpdates(await plans.current(), now(), user, countFleet),
  ),
  handler(routes.listUpdateHosts, async ({ query, user }, { reads, longReads, plans, now }) =>
    listUpdateHosts(query.count ? longReads : reads, await plans.current(), now(), user, query),
  ),
  handler(routes.listUpdateEvents, ({ query, user }, { reads }) =>
    listHistory(reads, user, { type: "update-ring" }, query),
  ),
  handler(routes.getHostUpdate, async ({ params, user }, { reads, plans, now }) =>
    getHostUpdate(reads, await plans.current(), now(), user, params.id),
  ),
  handler(routes.retryHostUpdate, async ({ params, user }, { db, plans, now }) => {
    await retryHost(db, await plans.current(), now(), user, params.id);
    plans.changed();
    return await getHostUpdate(db, await plans.current(), now(), user, params.id);
  }),
  handler(routes.getUpdateRing, async ({ params, user }, { plans, now, countFleet }) => {
    const plan = await plans.current();
    return presentRing(plan, now(), user, findRing(plan, params.id), await countFleet());
  }),
  handler(routes.createUpdateRing, async ({ body, user, idempotency }, services) => {
    const { db, plans, now } = services;
    const id = await createRing(db, now(), user, await plans.current(), body, idempotency);
    return await ringAfter(services, user, id);
  }),
  handler(routes.updateUpdateRing, async ({ params, body, user }, services) => {
    const { db, plans, now } = services;
    await changeRing(db, now(), user, await plans.current(), params.id, body);
    return await ringAfter(services, user, params.id);
  }),
  handler(routes.orderUpdateRings, async ({ body, user }, { db, plans, now }) => {
    await orderRings(db, now(), user, body.ids);
    plans.changed();
    return undefined;
  }),
  handler(routes.pauseUpdateRing, async ({ params, user }, services) => {
    await setRingPaused(services.db, services.now(), user, params.id, true);
    return await ringAfter(services, user, params.id);
  }),
  handler(routes.resumeUpdateRing, async ({ params, user }, services) => {
    await setRingPaused(services.db, services.now(), user, params.id, false);
    return await ringAfter(services, user, params.id);
  }),
  handler(routes.retryUpdateRing, async ({ params, user }, services) => {
    const { db, plans, now } = services;
    await retryRing(db, now(), user, findRing(await plans.current(), params.id));
    return await ringAfter(services, user, params.id);
  }),
  handler(routes.deleteUpdateRing, async ({ params, user }, { db, plans, now }) => {
    await deleteRing(db, now(), user, params.id);
    plans.changed();
    return undefined;
  }),
];
