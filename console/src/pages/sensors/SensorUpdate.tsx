import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { TextLink } from "../../components/links.tsx";
import { retryHost } from "../../components/retry-host.ts";
import { HOST_STATE_LOOKS, METHOD_NAMES } from "../../components/update-words.ts";
import { paths } from "../../paths.ts";
import { refresh, refreshMs } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Section } from "../../ui/Section.tsx";
import { Status } from "../../ui/Status.tsx";
import { sentence } from "../../ui/sentence.ts";
import { hostUpdateQuery } from "./sensor-queries.ts";

/** How the sensor is updated, and how far its latest update got. */
export function SensorUpdate({ sensorId }: { sensorId: string }) {
  const { data: host } = useSuspenseQuery({ ...hostUpdateQuery(sensorId), refetchInterval: refreshMs });
  const queryClient = useQueryClient();
  const { state, since, updateVersion, attempt, method, build, ring, target, reason } = host;
  async function retry() {
    try {
      await retryHost(host);
      await refresh(queryClient, "updates");
    } catch (error) {
      notifications.show({ color: "red", message: problemOf(error).detail });
    }
  }
  return (
    <Section title="Update" text={host.explanation}>
      <Facts
        facts={[
          {
            label: "State",
            value: (
              <>
                <Status color={HOST_STATE_LOOKS[state].color}>{HOST_STATE_LOOKS[state].label}</Status>
                {since && updateVersion && (
                  <>
                    {" "}
                    with {updateVersion}
                    {attempt !== null && attempt > 1 && `, attempt ${attempt}`}, <RelativeTime at={since} />
                  </>
                )}
              </>
            ),
          },
          {
            label: "Ring",
            value: (
              <>
                <TextLink {...paths.updates()}>{ring.name}</TextLink>
                {target && ` gets ${target}`}
              </>
            ),
          },
          { label: "Method", value: method ? METHOD_NAMES[method] : "Not reported" },
          { label: "Build", value: build ?? "Not reported" },
          ...(reason ? [{ label: "Reason", value: sentence(reason), isWide: true }] : []),
        ]}
      />
      {(host.can.retry.allowed || reason) && (
        <ActionButton
          variant="default"
          mt={8}
          onClick={() => void retry()}
          disabledReason={disabledReason(host.can.retry)}
        >
          Try again
        </ActionButton>
      )}
    </Section>
  );
}
