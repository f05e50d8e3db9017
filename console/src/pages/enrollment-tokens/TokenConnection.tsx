import { useSuspenseQuery } from "@tanstack/react-query";
import { ButtonLink } from "../../components/links.tsx";
import { type Connection, type Target, targetOf } from "../../components/sensor-commands.ts";
import { paths } from "../../paths.ts";
import { connectionQuery } from "../../queries.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Section.tsx";
import { exactTime } from "../../ui/time.ts";

/** The address and the certificate that sensors use, and the way to the deploy guides. */
export function TokenConnection({ tokenId }: { tokenId: string }) {
  const { data: connection } = useSuspenseQuery(connectionQuery);
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
      <ButtonLink {...paths.deploy({ token: tokenId })} variant="default" size="xs" mt="sm">
        Deploy sensors with this token
      </ButtonLink>
    </Section>
  );
}

function certificateText({ server, caPin }: Target, { certificateExpiresAt }: Connection): string {
  if (server.startsWith("http:")) return "None: plain HTTP";
  if (certificateExpiresAt === null) return "Provided by the proxy in front of this server";
  return `${caPin ? "Renewed automatically before" : "Expires"} ${exactTime(certificateExpiresAt)}`;
}
