// Inserts a fleet of any size with SQL that only the database executes, for query plans and measurements.
// Tests of behavior enroll sensors instead.

export interface FleetRows {
  dialect: "sqlite" | "postgres";
  sensors: number;
  /**
   * The last check-in of the sensors, in milliseconds. One sensor in 99 was last seen a day earlier.
   */
  now: number;
}

/** The number of tokens and of asset groups. Sensors are spread over them. */
const TOKENS = 20;
const HARDWARE =
  '{"hostname":"host","platform":"linux","macs":["00:16:3e:00:00:01"],"addresses":["10.0.0.1"]}';

const RING = `'${fleetId("rng", 1)}'`;

/** Returns the id of one of the rows, e.g. `fleetId("sen", 7)`. */
export function fleetId(prefix: string, index: number): string {
  return `${prefix}_0198c5f0-7c1e-7a3b-9a51-${String(index).padStart(12, "0")}`;
}

/** Returns the inserts in order, for a migrated database without such rows. */
export function fleetStatements({ dialect, sensors, now }: FleetRows): string[] {
  const pad = (number: string, digits: number) =>
    dialect === "sqlite"
      ? `substr('${"0".repeat(digits)}' || (${number}), -${digits})`
      : `right('${"0".repeat(digits)}' || (${number}), ${digits})`;
  const id = (prefix: string, number: string) => `'${prefix}_0198c5f0-7c1e-7a3b-9a51-' || ${pad(number, 12)}`;
  const insert = (table: string, columns: Record<string, string>, count: number, where = "true") =>
    `insert into ${table} (${Object.keys(columns).join(", ")})
      with recursive series(i) as (select cast(1 as bigint) union all select i + 1 from series where i < ${count})
      select ${Object.values(columns).join(", ")} from series where ${where}`;
  const hex = (number: string) => (dialect === "sqlite" ? `printf('%x', ${number})` : `to_hex(${number})`);
  const every = (step: number, value: string) => `case when i % ${step} = 0 then ${value} end`;
  const hostname = `'host-' || ${pad("i * 7919 % 1000000", 6)} || '.example.com'`;
  const enrolledAt = `${now - 30 * 86_400_000} + i * 10`;
  const group = `case when i % 10 = 0 then null when i % 10 < 6 then ${id("grp", "1")} else ${id("grp", `2 + i % ${TOKENS - 1}`)} end`;
  const token = `case when i % 2 = 0 then ${id("tok", "1")} else ${id("tok", `2 + i % ${TOKENS - 1}`)} end`;
  const user = "'usr_of-the-fleet'";
  return [
    `insert into "user" (id, name, email, role, status, created_at, updated_at)
      values (${user}, 'Fleet', 'fleet@example.com', 'viewer', 'disabled', 0, 0)`,
    insert(
      "asset_group",
      {
        id: id("grp", "i"),
        name: "'Group ' || i",
        name_key: "'group ' || i",
        created_at: "i",
        created_by: user,
      },
      TOKENS + 1,
    ),
    insert(
      "enrollment_token",
      {
        id: id("tok", "i"),
        name: "'Token ' || i",
        name_key: "'token ' || i",
        value_hash: "'hash ' || i",
        hint: "'seed'",
        created_at: "i",
        created_by: user,
      },
      TOKENS + 1,
    ),
    insert(
      "asset",
      {
        id: id("ast", "i"),
        name: hostname,
        name_key: hostname,
        type: "'server'",
        category: "'compute'",
        asset_group_id: group,
        created_at: enrolledAt,
        tags: `case when i % 10 = 0 then '["pci"]' when i % 997 = 0 then '["dmz","rare"]' else '[]' end`,
      },
      sensors,
    ),
    `update asset_group set assets = (select count(*) from asset where asset_group_id = asset_group.id)`,
    insert(
      "asset_identifier",
      { asset_id: id("ast", "i"), type: "'serial-number'", value: pad("i", 32) },
      sensors,
    ),
    insert(
      "sensor",
      {
        id: id("sen", "i"),
        public_key: pad("i", 43),
        enrollment_token_id: token,
        asset_id: id("ast", "i"),
        hostname,
        hostname_key: hostname,
        admitted_hostname: hostname,
        platform: `case when i <= 5 then 'darwin' when i % 3 = 0 then 'windows' else 'linux' end`,
        os_name: `case when i <= 5 then 'macOS' when i % 3 = 0 then 'Windows Server 2022' when i % 7 = 0 then 'Ubuntu' else 'Debian' end`,
        os_version: `case when i <= 5 then '15.1' when i % 3 = 0 then '10.0.20348' when i % 7 = 0 then '24.04' when i % 4 = 0 then '12' else '13' end`,
        architecture: "case when i % 6 = 0 then 'arm64' else 'amd64' end",
        version: `case when i % 601 = 0 then '2026.9.0' when i % 5 = 0 then '2026.10.0' else '2026.11.0' end`,
        enrolled_at: enrolledAt,
        reported_at: `case when i % 50 = 0 then null else ${enrolledAt} end`,
        deleted_at: every(997, enrolledAt),
        removed_at: every(499, enrolledAt),
        replaced_at: every(251, enrolledAt),
        replaced_by: `case when i % 251 = 0 and i > 1 then ${id("sen", "i - 1")} end`,
        uninstalled_at: every(241, enrolledAt),
        blocked_at: every(239, enrolledAt),
        awaiting_approval: "case when i % 233 = 0 then 1 else 0 end",
        ephemeral_hours: every(200, "24"),
        enrolled_host: `'${HARDWARE}'`,
        key_changed_at: enrolledAt,
      },
      sensors,
    ),
    insert(
      "sensor_presence",
      {
        sensor_id: id("sen", "i"),
        last_seen_at: `${now} - case when i % 99 = 0 then 86400000 else i * 7919 % 60000 end`,
        is_silent: "case when i % 99 = 0 then 1 else 0 end",
        last_nonce: "i",
        // 10.0.0.0/16, and 2001:db8::/32.
        address: `case when i % 50 = 7 then '6:20010db8' || ${pad(hex("i"), 24)} else '4:0a00' || ${pad(hex("i / 250 % 250"), 2)} || ${pad(hex("i % 250"), 2)} end`,
      },
      sensors,
    ),
    insert(
      "sensor_update",
      {
        sensor_id: id("sen", "i"),
        method: "case when i % 20 = 0 then 'package-manager' else 'self' end",
        target: "'linux-x64'",
        version: "'2026.11.0'",
        attempt: "1",
        state: `case when i % 20 = 0 then 'package-manager' when i <= 5 then 'trial' when i % 50 = 1 then 'rolled-back' else 'done' end`,
        since: enrolledAt,
        ring_id: RING,
        is_canary: "case when i <= 5 then 1 else 0 end",
        offered_at: enrolledAt,
      },
      sensors,
      "i % 30 <> 0",
    ),
    `insert into update_ring (id, name, name_key, position, days, hours, time_zone, canaries, stop_after, soak_minutes, mandatory, changed_at)
      values (${RING}, 'Ring', 'ring', 0, '["mon"]', '00:00-24:00', 'UTC', 2, 3, 60, 0, 0)`,
    `insert into update_ring_group (asset_group_id, ring_id) values (${id("grp", "3")}, ${RING})`,
    insert(
      "enrollment_attempt",
      {
        id: id("enr", "i"),
        enrollment_token_id: token,
        reference: "'E-' || i",
        first_at: enrolledAt,
        at: enrolledAt,
        attempts: "1",
        address: "'10.0.' || (i / 250 % 250) || '.' || (i % 250)",
        hostname,
        hostname_key: hostname,
        public_key: pad("i", 43),
        sensor_id: id("sen", "i"),
      },
      sensors,
    ),
    insert(
      "enrollment_attempt",
      {
        id: id("enr", `${sensors} + i`),
        enrollment_token_id: id("tok", `1 + i % ${TOKENS}`),
        reference: "'R-' || i",
        reason: "'token-paused'",
        first_at: enrolledAt,
        at: enrolledAt,
        attempts: "2",
        address: "'10.9.9.9'",
        hostname,
        hostname_key: hostname,
        public_key: `'refused ' || i`,
      },
      Math.ceil(sensors / 20),
    ),
    `update enrollment_token set uses = (
      select count(*) from sensor where enrollment_token_id = enrollment_token.id)`,
    insert(
      "sensor_match",
      {
        sensor_id: id("sen", "i"),
        predecessor_id: id("sen", "i - 1"),
        facts: "'[]'",
        is_certain: "0",
        decision: "case when i % 101 = 0 then null else 'kept' end",
      },
      sensors,
      "i > 1",
    ),
    insert(
      "sensor_instance",
      {
        sensor_id: id("sen", "i"),
        instance_id: "'boot'",
        state: "'holder'",
        host: `'${HARDWARE}'`,
        address: "'10.0.0.1'",
        first_seen_at: enrolledAt,
      },
      sensors,
    ),
    insert(
      "inventory_history",
      {
        sensor_id: id("sen", "i"),
        category: "'packages'",
        manifest_id: "1",
        reported_at: enrolledAt,
        collected_at: enrolledAt,
      },
      sensors,
    ),
  ];
}
