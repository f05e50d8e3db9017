import { auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import { Stack } from "@mantine/core";
import { AuditActor } from "../../components/AuditActor.tsx";
import { AuditObject } from "../../components/AuditObject.tsx";
import { entityTypeName } from "../../components/audit-words.ts";
import { EventChanges } from "../../components/EventChanges.tsx";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { exactTime } from "../../ui/time.ts";

interface EventDialogProps {
  event: AuditEvent;
  onClose: () => void;
}

/** All that an event says, and links to the events of the same actor, object and address. */
export function EventDialog({ event, onClose }: EventDialogProps) {
  const { actor, entity, address } = event;
  const all = (filter: Parameters<typeof paths.auditLog>[0]) => (
    <TextLink {...paths.auditLog(filter)} onClick={onClose} className="quiet">
      All events
    </TextLink>
  );
  return (
    <Dialog
      title={`${auditActionWords(event.action)}: ${entity.name}`}
      size={680}
      onDismiss={onClose}
      withCloseButton
    >
      <Stack gap="md">
        <Facts
          facts={[
            { label: "Time", isWide: true, value: exactTime(event.at) },
            { label: "Number", isWide: true, value: String(event.sequence) },
            {
              label: "Actor",
              isWide: true,
              value: (
                <>
                  <AuditActor actor={actor} /> {all({ actorId: actor.id })}
                </>
              ),
            },
            {
              label: entityTypeName(entity.type),
              isWide: true,
              value: (
                <>
                  <AuditObject {...entity} /> {!entity.exists && <span className="quiet">(deleted)</span>}{" "}
                  {all({ entityId: entity.id })}
                </>
              ),
            },
            {
              label: "Address",
              isWide: true,
              value:
                address === null ? (
                  "None"
                ) : (
                  <>
                    {address} {all({ address })}
                  </>
                ),
            },
            { label: "Event ID", isWide: true, value: <CopyText value={event.id} name="event ID" short /> },
          ]}
        />
        <EventChanges event={event} />
      </Stack>
    </Dialog>
  );
}
