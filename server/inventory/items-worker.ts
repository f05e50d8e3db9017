// The thread that parses and sorts inventories. The largest one takes half a second.
import { connectReadOnly, type DatabaseLocation } from "../db/open.ts";
import { answerQuestions } from "../db/thread.ts";
import { openSortedItems } from "./sorted-items.ts";

answerQuestions((location: DatabaseLocation) => openSortedItems(connectReadOnly(location)));
