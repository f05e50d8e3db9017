import { expect, test } from "bun:test";
import type { View } from "@attacklens/protocol/views.ts";
import { searchOfView, viewOf } from "./list-views.ts";

const view = (id: string, search: string) => ({ id, search }) as View;
const linux = view("linux", "platform=linux");
const wide = view("wide", "columns=a%2Cb&platform=macos");
const all = view("all", "");

test("a list shows the view with its search, or the last one as changed", () => {
  const shown = (search: Record<string, string>, columns?: string, lastId?: string) => {
    const { view, isChanged } = viewOf([linux, wide, all], search, columns, lastId);
    return `${view?.id}${isChanged ? " changed" : ""}`;
  };
  expect(shown({ platform: "linux" })).toBe("linux");
  expect(shown({ platform: "linux" }, "a,b")).toBe("linux");
  expect(shown({ platform: "macos" })).toBe("undefined");
  expect(shown({ platform: "macos" }, "a,b")).toBe("wide");
  expect(shown({ platform: "macos", columns: "a" }, "a", "wide")).toBe("wide changed");
  expect(shown({ platform: "linux" }, "a", "wide")).toBe("linux");
  // The whole list is a view only after the user has chosen it.
  expect(shown({})).toBe("undefined");
  expect(shown({}, undefined, "all")).toBe("all");
});

test("the search of a view has one order and no empty parts", () => {
  expect(searchOfView({ sort: "name", q: "", order: undefined, platform: "linux" }, "b,a")).toBe(
    "columns=b%2Ca&platform=linux&sort=name",
  );
});
