// Indexes for the filters of sensors by tag and by address. Triggers write them. A check-in from the same
// address changes nothing here: an index on the row of presence would change with each.
import { inOrder, onlyOn, statements, triggers } from "./migration.ts";

const tables = statements(`
create table asset_tag (
  tag {text} not null,
  asset_id {text} not null,
  constraint asset_tag_key primary key (tag, asset_id)
) {keyed};

-- The address of each sensor's last request. With its cell and its class, as in its row of presence, so that a
-- list of the sensors of a network reads only this table.
create table sensor_address (
  address {text} not null,
  sensor_id {text} not null,
  cell integer,
  class_id bigint,
  constraint sensor_address_key primary key (address, sensor_id)
) {keyed};
insert into sensor_address (address, sensor_id, cell, class_id)
  select address, sensor_id, cell, class_id from sensor_presence;
`);

const addresses = triggers([
  {
    name: "sensor_address_add",
    after: "insert on sensor_presence",
    run: ({ row, from }) => [
      `insert into sensor_address (address, sensor_id, cell, class_id)
        select ${row}.address, ${row}.sensor_id,
          coalesce(${row}.cell, (select cell - cell % 2 from sensor_listing where sensor_id = ${row}.sensor_id)),
          coalesce(${row}.class_id, (select class_id from sensor_listing where sensor_id = ${row}.sensor_id))
        ${from()}`,
    ],
  },
  {
    name: "sensor_address_class",
    after: "update of cell, class_id on sensor_presence",
    // A new row of presence gets its first class after its address.
    when: `old.class_id is not null
      and (old.cell is distinct from new.cell or old.class_id is distinct from new.class_id)`,
    run: [
      `update sensor_address set cell = new.cell, class_id = new.class_id
        where address = new.address and sensor_id = new.sensor_id`,
    ],
  },
  {
    name: "sensor_address_change",
    after: "update of address on sensor_presence",
    when: "old.address <> new.address",
    run: [
      `update sensor_address set address = new.address
        where address = old.address and sensor_id = new.sensor_id`,
    ],
  },
]);

const tags = (dialect: "sqlite" | "postgres") => {
  const tagsOf = (row: string) =>
    dialect === "sqlite" ? `json_each(${row}.tags)` : `json_array_elements_text(${row}.tags::json)`;
  return onlyOn(
    dialect,
    inOrder(
      statements(`
insert into asset_tag (tag, asset_id)
  select distinct tag.value, asset.id from asset cross join ${tagsOf("asset")} as tag where asset.tags <> '[]';
`),
      triggers([
        {
          name: "asset_tag_add",
          after: "insert on asset",
          // Otherwise SQLite opens two tables for each row to find that it has none.
          ...(dialect === "sqlite" ? { when: "new.tags <> '[]'" } : {}),
          run: ({ row, from }) => [
            `insert into asset_tag (tag, asset_id)
              select distinct tag.value, ${row}.id ${from(`${tagsOf(row)} as tag`)} where ${row}.tags <> '[]'`,
          ],
        },
        {
          name: "asset_tag_change",
          after: "update of tags on asset",
          when: "old.tags <> new.tags",
          run: [
            `delete from asset_tag where asset_id = new.id
              and tag in (select tag.value from ${tagsOf("old")} as tag)`,
            `insert into asset_tag (tag, asset_id)
              select distinct tag.value, new.id from ${tagsOf("new")} as tag`,
          ],
        },
      ]),
    ),
  );
};

export const sensorFilters = inOrder(tables, addresses, tags("sqlite"), tags("postgres"));
