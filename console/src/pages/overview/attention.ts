// Objects that need an operator's attention: their number, a sentence, and the list that has them.
import { LONG_OFFLINE_DAYS, type Overview, RECENT_REFUSAL_HOURS } from "@attacklens/protocol/overview.ts";
import { paths } from "../../paths.ts";

/** The most urgent first. Only what is there. */
export function attentionItems({ attention }: Overview) {
  const { refusals, longOffline } = attention;
  const plural = (count: number, one: string, many: string) => (count === 1 ? one : many);
  const items = [
    {
      count: attention.awaitingApproval,
      text: plural(attention.awaitingApproval, "sensor awaits approval", "sensors await approval"),
      link: paths.sensors({ status: "awaiting-approval" }),
    },
    {
      count: refusals.attempts,
      text: `${plural(refusals.attempts, "host was", "hosts were")} refused in the last ${RECENT_REFUSAL_HOURS} hours`,
      link: paths.enrollments({ outcome: "refused", from: refusals.from }),
    },
    {
      count: attention.possibleDuplicates,
      text: plural(
        attention.possibleDuplicates,
        "sensor may be a duplicate of an offline sensor",
        "sensors may be duplicates of offline sensors",
      ),
      link: paths.sensors({ match: "any" }),
    },
    {
      count: attention.tokensExpiringSoon,
      text: `${plural(attention.tokensExpiringSoon, "Enrollment Token in use expires", "Enrollment Tokens in use expire")} within 7 days`,
      link: paths.enrollmentTokens({ warning: "expires-soon" }),
    },
    {
      count: attention.tokensNearlyUsedUp,
      text: plural(
        attention.tokensNearlyUsedUp,
        "Enrollment Token has spent nearly all its uses",
        "Enrollment Tokens have spent nearly all their uses",
      ),
      link: paths.enrollmentTokens({ warning: "nearly-used-up" }),
    },
    {
      count: longOffline.sensors,
      text: `${plural(longOffline.sensors, "sensor has", "sensors have")} been offline for more than ${LONG_OFFLINE_DAYS} days`,
      link: paths.sensors({ status: "offline", seenBefore: longOffline.seenBefore }),
    },
  ];
  return items.filter(({ count }) => count > 0);
}
