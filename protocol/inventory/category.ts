// The name of a category on the wire. The schemas of its items are in category-items.ts: a check-in does not
// need them.
import { z } from "zod";
import { CATEGORIES } from "./categories.ts";

export const category = z.enum(CATEGORIES);
