import { Box, Button, Collapse } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { SensorCommands } from "../../components/SensorCommands.tsx";
import { type Connection, type Target, targetOf } from "../../components/sensor-commands.ts";
import { connectionQuery } from "../../queries.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Section.tsx";
import { exactTime } from "../../ui/time.ts";

/**
 * The address and the certificate that sensors use, and the commands again for an operator who has stored the
 * value.
 */
export function TokenConnection() {
  const { data: connection } = useSuspenseQuery(connectionQuery);
  const [isOpen, setOpen] = useState(false);
  const target = targetOf(connection, window.location.origin);
  return (
    <Section title="Connection" text="How sensors reach this server. The same for every token.">
      <Facts
        facts={[
          { label: "Server address", value: <CopyText value={target.server} name="server address" /> },
          { label: "Certificate", value: certificateText(target, connection) },
          {
            label: "CA pin",
            isWide: true,
            value: target.caPin ? (
              <CopyText value={target.caPin} name="CA pin" />
            ) : (
              "Not pinned: the system's trusted CAs are used"
            ),
          },
        ]}
      />
      <Button
        variant="default"
        size="xs"
        mt="sm"
        aria-expanded={isOpen}
        onClick={() => setOpen((before) => !before)}
      >
        {isOpen ? "Hide commands" : "Show commands"}
      </Button>
      <Collapse expanded={isOpen} transitionDuration={0}>
        <Box maw={720} mt="sm">
          <SensorCommands connection={connection} secret="token" />
        </Box>
      </Collapse>
    </Section>
  );
}

function certificateText({ server, caPin }: Target, { certificateExpiresAt }: Connection): string {
  if (server.startsWith("http:")) return "None: plain HTTP";
  if (certificateExpiresAt === null) return "Provided by the proxy in front of this server";
  return `${caPin ? "Renewed automatically before" : "Expires"} ${exactTime(certificateExpiresAt)}`;
}
