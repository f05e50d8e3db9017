import { type HostUpdate, retryHostUpdate } from "@attacklens/protocol/update-rings.ts";
import { notifications } from "@mantine/notifications";
import { callApi } from "../api.ts";

/** Throws a Problem. */
export async function retryHost({ id, hostname, target }: HostUpdate): Promise<void> {
  await callApi(retryHostUpdate, { params: { id } });
  notifications.show({ message: `“${hostname}” is offered ${target} again at its next check-in.` });
}
