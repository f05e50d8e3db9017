import { Notifications } from "@mantine/notifications";

/** Shows the messages that `notifications.show` adds, also those from before it was loaded. */
export function Toasts() {
  return <Notifications position="bottom-right" autoClose={5_000} transitionDuration={120} />;
}
