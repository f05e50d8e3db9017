// The offer of a release, in the headers of the reply to a check-in.
import { releaseVersion } from "@attacklens/protocol/releases/release.ts";
import { UPDATE_ATTEMPT_HEADER, UPDATE_VERSION_HEADER } from "@attacklens/protocol/updates.ts";

export interface UpdateOffer {
  version: string;
  /** A higher number asks a host to try again a version that failed there. */
  attempt: number;
}

/** Undefined: the sensor should keep its version, or a header is not valid. */
export function parseUpdateOffer(headers: Headers): UpdateOffer | undefined {
  const version = releaseVersion.safeParse(headers.get(UPDATE_VERSION_HEADER));
  const attempt = headers.get(UPDATE_ATTEMPT_HEADER) ?? "1";
  if (!version.success || !/^[1-9]\d{0,5}$/.test(attempt)) return undefined;
  return { version: version.data, attempt: Number(attempt) };
}
