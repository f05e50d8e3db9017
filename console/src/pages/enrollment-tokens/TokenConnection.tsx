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

/** Where sensors connect and how they know the server, and the commands once more, for whoever has the value. */
export function TokenConnection() {
  const { data: connection } = useSuspenseQuery(connectionQuery);
  const [isOpen, setOpen] = useState(false);
  const target = targetOf(connection, window.location.origin);
  return (
    <Section title="How sensors connect" text="The same for every token.">
      <Facts
        facts={[
          { label: "Server address", value: <CopyText value={target.server} name="server address" /> },
          { label: "Certificate", value: certificateWords(target, connection) },
          {
            label: "CA pin",
            isWide: true,
            value: target.caPin ? (
              <CopyText value={target.caPin} name="CA pin" />
            ) : (
              "None: the machine's own list of CAs decides"
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

function certificateWords({ server, caPin }: Target, { certificateExpiresAt }: Connection): string {
  if (server.startsWith("http:")) return "None: plain HTTP";
  if (certificateExpiresAt === null) return "Held by the proxy before this server";
  return `${caPin ? "Renews itself before" : "Ends"} ${exactTime(certificateExpiresAt)}`;
}
