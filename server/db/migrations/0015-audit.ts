// The audit log as users read it: addresses and names of entities, indexes for its filters, and the text that
// searches look in.
import { inOrder, onlyOn, statements, triggers } from "./migration.ts";

/**
 * Without the events of enrollments, which are most. Only the indexes of times and entities contain them, so
 * that an enrollment writes no index in a random place.
 */
const OTHERS = "where actor_type <> 'enrollment-token'";

const columns = statements(`
-- The form of the hash. Version 1 does not cover address and entity_name, which are null then.
alter table audit_event add column version integer not null default 1;
-- The address of the actor; null: none.
alter table audit_event add column address {text};
-- The name of the entity at that time; null: version 1.
alter table audit_event add column entity_name {text};
drop index audit_event_entity;
drop index audit_event_update;
create index audit_event_at on audit_event (at, sequence);
create index audit_event_entity on audit_event (entity_id, at, sequence);
create index audit_event_actor on audit_event (actor_id, at, sequence) ${OTHERS};
create index audit_event_actor_type on audit_event (actor_type, at, sequence) ${OTHERS};
create index audit_event_action on audit_event (action, at, sequence) ${OTHERS};
create index audit_event_address on audit_event (address, at, sequence) ${OTHERS};
create index audit_event_type on audit_event (entity_type, at, sequence) ${OTHERS};

-- The folded text of each event. A job writes it after the event.
create table audit_text (
  sequence bigint primary key,
  words {text} not null
) {keyed};
`);

const search = onlyOn(
  "sqlite",
  inOrder(
    statements(`
create virtual table audit_search using fts5
  (words, content='', contentless_delete=1, tokenize='trigram case_sensitive 1', detail='none');
`),
    triggers([
      {
        name: "audit_search_add",
        after: "insert on audit_text",
        run: ["insert into audit_search (rowid, words) values (new.sequence, new.words)"],
      },
    ]),
  ),
);

export const audit = inOrder(columns, search);
