// The focus after a navigation: where it was after Back, else on the heading if its control is gone.
import type { RegisteredRouter } from "@tanstack/react-router";
import { type FocusOrigin, isDialogOpen, isFocusLost, lastFocused, returnFocus } from "../ui/focus-origin.ts";

/** The origins of this many pages of the history are kept. */
const MAX_PAGES = 50;

export function followPages(router: RegisteredRouter): void {
  const origins = new Map<string, FocusOrigin>();
  let isReturn = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  router.history.subscribe(({ action }) => {
    isReturn = action.type !== "PUSH" && action.type !== "REPLACE";
  });
  router.subscribe("onBeforeNavigate", ({ fromLocation }) => {
    const key = fromLocation?.state.__TSR_key;
    const origin = lastFocused();
    if (!key || !origin || isDialogOpen()) return;
    origins.delete(key);
    origins.set(key, origin);
    const [oldest] = origins.keys();
    if (origins.size > MAX_PAGES && oldest) origins.delete(oldest);
  });
  router.subscribe("onRendered", ({ fromLocation, toLocation, pathChanged }) => {
    const key = toLocation.state.__TSR_key;
    const origin = isReturn && key ? origins.get(key) : undefined;
    if (!fromLocation || !pathChanged) return;
    clearTimeout(timer);
    // After the page has restored its own place.
    timer = setTimeout(() => {
      if (!isDialogOpen() && isFocusLost()) returnFocus(origin);
    }, 50);
  });
}
