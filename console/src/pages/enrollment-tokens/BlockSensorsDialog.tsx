import {
  type previewEnrollmentToken,
  revokeAndBlockEnrollmentToken,
} from "@attacklens/protocol/revoke-and-block.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { Radio, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { SensorStatusMark } from "../../components/statuses.tsx";
import type { AnyToken } from "../../components/token-words.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf, formatCount } from "../../ui/numbers.ts";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { zoneName } from "../../ui/time.ts";
import { usePreview } from "./token-queries.ts";

type BlockedSensor = RouteOutput<typeof previewEnrollmentToken>["sample"][number];

const COLUMNS: readonly SmallColumn<BlockedSensor>[] = [
  { label: "Hostname", cell: ({ hostname }) => hostname },
  { label: "Address", cell: ({ address }) => address },
  { label: "Status", cell: ({ status }) => <SensorStatusMark status={status} /> },
];

type Which = "all" | "since" | "network";

/** From this number of sensors on, the user types the name of the token. */
const MANY = 10;

/**
 * Revokes a token that may have leaked, and blocks its sensors: all, those since a time, or those from a
 * network.
 */
export function BlockSensorsDialog({ token, onClose }: { token: AnyToken; onClose: () => void }) {
  const [which, setWhich] = useState<Which>("all");
  const [since, setSince] = useState("");
  const [network, setNetwork] = useState("");
  const [asked] = useDebouncedValue(network.trim(), 250);
  const queryClient = useQueryClient();
  const isDated = !Number.isNaN(Date.parse(since));
  const filter =
    which === "since" && isDated
      ? { since: new Date(since).toISOString() }
      : which === "network" && asked
        ? { network: asked }
        : {};
  const { data, error, isPlaceholderData, refetch } = usePreview(token.id, filter);
  const isChosen =
    which === "all" || (which === "since" ? isDated : asked !== "" && asked === network.trim());
  const isKnown = data !== undefined && !error && !isPlaceholderData && isChosen;
  const mustType = isKnown && data.toBlock >= MANY;

  async function confirm() {
    if (!isKnown) throw new Error("The list of sensors is not loaded yet. Try again.");
    try {
      const { blockedSensors } = await callApi(revokeAndBlockEnrollmentToken, {
        params: { id: token.id },
        body: { ...filter, expectedSensors: data.toBlock },
      });
      notifications.show({
        message: `“${token.name}” is revoked, and ${countOf(blockedSensors, "sensor is", "sensors are")} blocked.`,
      });
    } catch (refusal) {
      void refetch();
      throw refusal;
    } finally {
      await refresh(queryClient, "enrollmentTokens", "assetGroups", "sensors");
    }
  }

  return (
    <ConfirmDialog
      title="Revoke and block sensors?"
      action="Revoke and block"
      onConfirm={confirm}
      onClose={onClose}
      errorText={(thrown) => problemOf(thrown).detail}
      isDisabled={!isKnown}
      typeName={mustType ? token.name : undefined}
      size={600}
    >
      <Stack gap="md">
        <Text inherit>
          No sensor can enroll with <strong>{token.name}</strong> anymore. This cannot be undone. Blocked
          sensors keep their keys and their data. You can unblock each one later.
        </Text>
        <Radio.Group label="Sensors to block" value={which} onChange={(chosen) => setWhich(chosen as Which)}>
          <Stack gap={6} mt={6}>
            <Radio value="all" label="All sensors enrolled with this token" />
            <Radio value="since" label="Sensors enrolled since a time" />
            <Radio value="network" label="Sensors enrolled from a network" />
          </Stack>
        </Radio.Group>
        {which === "since" && (
          <TextInput
            type="datetime-local"
            label="Since"
            description={`Your time zone: ${zoneName(new Date())}`}
            value={since}
            onChange={(event) => setSince(event.currentTarget.value)}
          />
        )}
        {which === "network" && (
          <TextInput
            label="Network"
            placeholder="10.1.0.0/16"
            description="An IP address or a CIDR range"
            maxLength={50}
            value={network}
            onChange={(event) => setNetwork(event.currentTarget.value)}
            error={error && asked ? (problemOf(error).fields?.network ?? problemOf(error).detail) : undefined}
          />
        )}
        {isKnown && (
          <Stack gap={6} aria-live="polite">
            <Text inherit fw={500}>
              {data.toBlock === 0
                ? "No sensors will be blocked."
                : `${formatCount(data.toBlock)} of ${countOf(data.sensors, "sensor")} will be blocked${data.blocked > 0 ? ` (${countOf(data.blocked, "is", "are")} already blocked)` : ""}.`}
            </Text>
            {data.sample.length > 0 && (
              <SmallTable
                label="Sensors that will be blocked"
                columns={COLUMNS}
                rows={data.sample}
                rowId={({ id }) => id}
                maxHeight={180}
              />
            )}
            {data.toBlock > data.sample.length && (
              <Text size="sm" c="dimmed">
                Only the first {data.sample.length} to enroll are shown.
              </Text>
            )}
          </Stack>
        )}
      </Stack>
    </ConfirmDialog>
  );
}
