// Moves changed sensors to other cells and classes. PostgreSQL looks for the class once, and adds one only if
// there is none. SQLite has no variables.
import { addClasses, addTokenGroups, classOf, seenCell } from "./listing-classes.ts";
import { inOrder, onlyOn, triggers } from "./migration.ts";

const CHANGED = [
  ...["standing", "platform", "hostname_key", "version", "asset_id", "enrollment_token_id"],
  ...["os_name", "os_version", "architecture"],
];

const onEachChange = {
  name: "sensor_listing_change",
  after: "update on sensor",
  when: CHANGED.map((column) => `old.${column} is distinct from new.${column}`).join(" or "),
};

/**
 * The presence first, like a check-in: two transactions that lock both rows never wait for each other. `cell`
 * and `classId`: those of a sensor that is not deleted.
 */
const move = (cell: string, classId: string) => [
  `update sensor_presence set cell = changed.cell, class_id = changed.class_id
    from (select case when new.standing <> 'deleted' then ${cell} end as cell,
      case when new.standing <> 'deleted' then ${classId} end as class_id) as changed
    where sensor_id = new.id and (sensor_presence.cell is distinct from changed.cell
      or sensor_presence.class_id is distinct from changed.class_id)`,
  // In a subquery, so that PostgreSQL does not plan it again for each row that stays.
  "delete from sensor_listing where sensor_id = (select new.id where new.standing = 'deleted')",
  `update sensor_listing set class_id = ${classId}, standing = new.standing,
    platform = new.platform, hostname_key = new.hostname_key
    where sensor_id = new.id`,
];

const addClass = [
  addTokenGroups("new", "from asset"),
  addClasses("new", "from asset cross join token_group"),
];

export const listingChanges = inOrder(
  onlyOn(
    "sqlite",
    triggers([{ ...onEachChange, run: [...addClass, ...move(seenCell("new."), classOf("new"))] }]),
  ),
  onlyOn(
    "postgres",
    triggers([
      {
        ...onEachChange,
        // A class has values of both. A change of the asset waits for this one, or this one for that.
        locks: "asset where id = new.asset_id",
        declares: "found_class bigint",
        run: [
          `found_class := ${classOf("new")}`,
          `if found_class is null then
            ${addClass.join(";\n")};
            found_class := ${classOf("new")};
          end if`,
          ...move(seenCell("new."), "found_class"),
        ],
      },
    ]),
  ),
);
