// Every problem that the server returns, in one table, and its format on the wire (RFC 9457).
import { z } from "zod";
import { instant } from "./text.ts";

export const PROBLEMS = {
  "malformed-request": { status: 400, title: "The request could not be parsed" },
  "not-signed-in": { status: 401, title: "Not signed in" },
  "wrong-credentials": { status: 401, title: "Incorrect email or password" },
  "token-unknown": { status: 401, title: "Unknown enrollment token" },
  "ticket-unknown": { status: 401, title: "The re-enrollment ticket is unknown, used or expired" },
  "signature-missing": { status: 401, title: "The request is not signed" },
  "signature-invalid": { status: 401, title: "The signature does not match the request" },
  "signature-replayed": { status: 401, title: "The request is not newer than the last one accepted" },
  "clock-skewed": {
    status: 401,
    title: "The sensor's clock differs from the server's by more than five minutes",
  },
  "sensor-unknown": { status: 401, title: "Unknown sensor" },
  "permission-missing": { status: 403, title: "Not permitted" },
  "second-factor-missing": { status: 403, title: "This installation requires a second factor" },
  "sign-in-not-recent": { status: 403, title: "The sign-in is not recent enough for this action" },
  "origin-refused": { status: 403, title: "The request comes from another site" },
  "token-revoked": { status: 403, title: "The enrollment token is revoked" },
  "token-expired": { status: 403, title: "The enrollment token has expired" },
  "token-paused": { status: 403, title: "The enrollment token is paused" },
  "token-used-up": { status: 403, title: "The enrollment token has no uses left" },
  "network-not-allowed": { status: 403, title: "The enrollment token does not allow this network" },
  "hostname-not-allowed": { status: 403, title: "The enrollment token does not allow this hostname" },
  "sensor-awaiting-approval": { status: 403, title: "The sensor is awaiting approval" },
  "sensor-blocked": { status: 403, title: "The sensor is blocked" },
  "token-group-deleted": { status: 403, title: "The enrollment token's asset group no longer exists" },
  "sensor-cloned": { status: 403, title: "Another host owns this sensor's key" },
  "key-replaced": { status: 403, title: "The sensor was re-enrolled with another key" },
  "link-invalid": { status: 403, title: "The one-time link is not valid" },
  "setup-closed": { status: 403, title: "The setup link is not valid" },
  "not-found": { status: 404, title: "Not found" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "request-timeout": { status: 408, title: "The request body did not arrive in time" },
  "name-taken": { status: 409, title: "The name is already in use" },
  "key-taken": { status: 409, title: "The public key is or was in use by a sensor" },
  "state-conflict": { status: 409, title: "Not possible in the current state" },
  "body-too-large": { status: 413, title: "The request body is too large" },
  "media-type-unsupported": { status: 415, title: "The content type is not supported" },
  "range-unsatisfiable": { status: 416, title: "The file does not have the requested range" },
  "input-invalid": { status: 422, title: "The input is not valid" },
  "idempotency-key-reused": { status: 422, title: "The Idempotency-Key belongs to another request" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "internal-error": { status: 500, title: "Something went wrong on the server" },
  unavailable: { status: 503, title: "The server is temporarily unavailable" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/**
 * The facts in the details of problems that users meet. They are also data, from which the console writes the
 * sentence in the words, the units and the time zone of the reader.
 */
export const PROBLEM_FACTS = {
  "name-taken": "name",
  "too-many-requests": "retryAfterSeconds",
  "body-too-large": "maxBytes",
} as const satisfies Partial<Record<ProblemCode, keyof ProblemBody>>;

const TYPE_PREFIX = "urn:attacklens:problem:";

export function problemType(code: ProblemCode): string {
  return TYPE_PREFIX + code;
}

/** Body of every refusal, `application/problem+json`. */
export const problemBody = z
  .object({
    type: z.string().meta({
      description: "A fixed URN prefix followed by the code",
      example: "urn:attacklens:problem:name-taken",
    }),
    code: z.enum(PROBLEM_CODES).meta({ description: "Stable code for programs" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().meta({ description: "What was refused and why; absent on 5xx" }),
    requestId: z.string().meta({ description: "Id of the request in the server's log" }),
    fields: z
      .record(z.string(), z.string())
      .optional()
      .meta({
        description: "Message for each invalid input field; nested fields use dots",
        example: { name: "must not be empty" },
      }),
    serverTime: instant
      .optional()
      .meta({ description: "With clock-skewed: the server's time, to correct the sensor's clock" }),
    reference: z.string().optional().meta({
      description: "With a refused enrollment: reference of the attempt in the console",
      example: "E-7KQ2M9XT04BC",
    }),
    name: z.string().optional().meta({
      description: "The name in the detail, such as the one that is taken, for a sentence in another form",
      example: "Production",
    }),
    at: instant
      .optional()
      .meta({ description: "The time in the detail, for a sentence in the reader's time zone" }),
    retryAfterSeconds: z
      .int()
      .optional()
      .meta({ description: "As in the header Retry-After: when the request is possible again" }),
    maxBytes: z.int().optional().meta({ description: "With body-too-large: the limit of this route" }),
    lastNonce: z
      .int()
      .optional()
      .meta({ description: "With signature-replayed: the next nonce must be higher than this" }),
  })
  .meta({ id: "Problem" });

export type ProblemBody = z.infer<typeof problemBody>;

/**
 * A refusal or failure. The program throws it, and one place writes it to the wire. `detail` is for the
 * caller, `cause` for the log, and `fields` has a message for each invalid field.
 */
export class Problem extends Error {
  readonly fields?: Record<string, string>;
  readonly extras?: Pick<
    ProblemBody,
    "serverTime" | "lastNonce" | "reference" | "name" | "at" | "retryAfterSeconds" | "maxBytes"
  > & {
    /** With method-not-allowed: the methods that the path accepts. */
    allow?: string[];
    /** With range-unsatisfiable: the size of the file. */
    sizeBytes?: number;
    /** With media-type-unsupported: the accepted content codings. */
    acceptEncoding?: string;
  };

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    options: {
      cause?: unknown;
      fields?: Record<string, string>;
      extras?: Problem["extras"];
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = "Problem";
    this.fields = options.fields;
    this.extras = options.extras;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}
