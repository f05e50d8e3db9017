// What the readers of databases do with what they cannot read.

/** A limit of the sensor, and not a defect of the file. */
export class LimitError extends RangeError {}

/**
 * Called with the reason for each record of a database that cannot be read. Throws if that ends the reading.
 */
export type SkipRecord = (error: unknown) => void;
