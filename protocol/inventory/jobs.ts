import { z } from "zod";
import { fact } from "../text.ts";
import { factTime } from "./fact-times.ts";

export const JOB_KINDS = ["cron", "anacron", "at", "timer", "task", "launchd"] as const;

/**
 * Work that the host starts at a time. Of a command, only the path of the program: arguments and variables
 * may contain secrets.
 */
export const jobItem = z
  .strictObject({
    key: fact(600).min(1).meta({ example: "timer:apt-daily.timer" }),
    kind: z.enum(JOB_KINDS).meta({ description: "timer: of systemd; task: of Windows" }),
    name: fact(300).min(1).meta({
      example: "apt-daily.timer",
      description: "As its scheduler names it; for cron the name of the program or of the script",
    }),
    schedule: z
      .array(fact(300))
      .max(100)
      .meta({
        example: ["OnCalendar=*-*-* 6,18:00"],
        description: "As its scheduler writes it; empty: not known",
      }),
    enabled: z.boolean().optional().meta({ description: "Absent: the scheduler has no such switch" }),
    user: fact(250).optional().meta({ example: "root" }),
    program: fact(1_000).optional().meta({
      example: "/usr/lib/apt/apt.systemd.daily",
      description: "The first program of the command, without arguments",
    }),
    unit: fact(300).optional().meta({ example: "apt-daily.service", description: "What a timer starts" }),
    runsAt: factTime.optional().meta({ description: "The only run of an at job" }),
    source: fact(1_000).optional().meta({ example: "/etc/crontab" }),
  })
  .meta({ id: "ScheduledJob" });
