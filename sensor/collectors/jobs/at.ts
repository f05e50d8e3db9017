// The jobs of at(1). The content of a job is the whole environment of its user, and is not read.

import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { openUserNames } from "../users/user-names.ts";
import type { Job } from "./job.ts";

/** Debian, SUSE, Red Hat. */
const FOLDERS = ["/var/spool/cron/atjobs", "/var/spool/atjobs", "/var/spool/at"];
/** The queue, the number of the job, and its minute since 1970, the numbers in hexadecimal. */
const NAME = /^([A-Za-z=])([0-9a-f]{5})([0-9a-f]{8})$/;

export function readAtJobs(files: HostFiles): Job[] {
  const found = FOLDERS.flatMap((folder) =>
    files.list(folder).flatMap((name) => {
      const [, queue, number, minutes = ""] = NAME.exec(name) ?? [];
      if (queue === undefined || number === undefined) return [];
      return { source: `${folder}/${name}`, name: queue + number, minute: Number.parseInt(minutes, 16) };
    }),
  );
  if (found.length === 0) return [];
  const userName = openUserNames(files);
  return found.map(({ source, name, minute }) => {
    const uid = files.findStat(source)?.uid;
    return {
      kind: "at",
      name,
      schedule: [],
      user: uid === undefined ? undefined : factText(userName(uid) ?? String(uid), 250),
      runsAt: new Date(minute * 60_000).toISOString().replace(".000Z", "Z"),
      source: factText(source, 1_000),
    };
  });
}
