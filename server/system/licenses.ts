// The third-party software in the programs. The build reads the installed packages and contains the result.
import { readLicenses } from "./read-licenses.ts" with { type: "macro" };

export interface License {
  name: string;
  version: string;
  license: string;
  /** Empty: the package contains none. */
  text: string;
}

export const LICENSES = readLicenses() as License[];
