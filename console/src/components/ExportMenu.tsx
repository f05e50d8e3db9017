import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { stringifySearch } from "../paths.ts";

/** The paths of the routes that export a list. */
export interface ExportPaths {
  csv: string;
  jsonLines: string;
}

/** Links, so that the browser saves an export of any size while it arrives. */
export function ExportMenu({ paths, query }: { paths: ExportPaths; query: Record<string, unknown> }) {
  const text = stringifySearch(query);
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={paths.csv + text} download>
          CSV
        </Menu.Item>
        <Menu.Item component="a" href={paths.jsonLines + text} download>
          JSON lines
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
