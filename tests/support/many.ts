// Numbers for hosts with long lists.

/** More than the items of a category that a report has. */
export const MANY = 60_000;

export const hex = (value: number, length: number) => value.toString(16).padStart(length, "0");

/** `make` gets the number, and is called for each. */
export const each = (count: number, make: (nth: number) => void) => {
  for (let nth = 0; nth < count; nth += 1) make(nth);
};
