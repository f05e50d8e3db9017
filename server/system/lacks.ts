// What an installation still lacks, each with its reason and the next step. A table, in the order of GAPS.

import { countOf } from "@attacklens/protocol/count-of.ts";
import type { Gap, SystemStatus } from "@attacklens/protocol/system-status.ts";
import { GAPS } from "@attacklens/protocol/system-status.ts";

const DAY_MS = 86_400_000;
/** The operator's certificate is due for renewal. */
const DUE_MS = 30 * DAY_MS;

export interface LackFacts {
  now: number;
  /** Users connect by HTTPS. */
  secure: boolean;
  publicUrl: string | undefined;
  certificate: { expiresAt: number; isPrivate: boolean } | undefined;
  superAdmins: number;
  releases: number;
  rings: number;
  /** undefined: the database has no recommended limit. */
  mostSensors: number | undefined;
  sensors: number;
}

type Lack = (facts: LackFacts) => { reason: string; nextStep: string } | undefined;

const LACKS: Record<Gap, Lack> = {
  "no-tls": ({ secure }) =>
    secure
      ? undefined
      : {
          reason: "Users connect without HTTPS, so that the network can read their passwords.",
          nextStep: "Start the server with --tls, or put a proxy with HTTPS in front and set --public-url.",
        },
  "certificate-ends": ({ now, certificate }) =>
    !certificate || certificate.isPrivate || certificate.expiresAt - now > DUE_MS
      ? undefined
      : {
          reason: "The certificate ends soon. Sensors and browsers reject the server afterwards.",
          nextStep: "Replace the certificate file, then send SIGHUP to the server.",
        },
  "no-public-url": ({ publicUrl }) =>
    publicUrl
      ? undefined
      : {
          reason: "No public URL is set. Links and commands contain the address that the server listens on.",
          nextStep: "Start the server with --public-url and the address that users and hosts reach.",
        },
  "private-certificate": ({ certificate }) =>
    !certificate?.isPrivate
      ? undefined
      : {
          reason:
            "The certificate is from the private CA. Sensors check its pin, but browsers do not know the CA.",
          nextStep: "Install the CA in your browsers, or use a certificate of a public CA.",
        },
  "one-super-admin": ({ superAdmins }) =>
    superAdmins > 1
      ? undefined
      : {
          reason: "Only one user is a Super Admin. If this user loses access, only the server host can help.",
          nextStep: "Invite a second Super Admin.",
        },
  "no-release": ({ releases }) =>
    releases > 0
      ? undefined
      : {
          reason:
            "This server offers no release. Installation commands do not work, and sensors do not update.",
          nextStep: "Run attacklens releases add on the server host.",
        },
  "no-update-ring": ({ rings }) =>
    rings > 1
      ? undefined
      : {
          reason: "All sensors update at the same time, because there is one update ring.",
          nextStep: "Create a ring for a few hosts that update first.",
        },
  "database-is-small": ({ mostSensors, sensors }) =>
    mostSensors === undefined || sensors <= mostSensors
      ? undefined
      : {
          reason: `The embedded database is recommended for up to ${countOf(mostSensors, "sensor")}.`,
          nextStep: "Plan a new installation with PostgreSQL.",
        },
};

export function lacksOf(facts: LackFacts): SystemStatus["lacks"] {
  return GAPS.flatMap((gap) => {
    const lack = LACKS[gap](facts);
    return lack ? [{ gap, ...lack }] : [];
  });
}
