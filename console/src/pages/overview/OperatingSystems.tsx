import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { PLATFORM_NAMES } from "../../components/platform-names.ts";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { BarList } from "../../ui/BarList.tsx";
import { countsQuery } from "./overview-queries.ts";
import { Panel } from "./Panel.tsx";

export function OperatingSystems() {
  const query = useQuery({ ...countsQuery, refetchInterval: refreshMs });
  return (
    <Panel title="Operating systems" query={query}>
      {({ byPlatform }) => (
        <BarList
          label="Sensors by operating system"
          heading="Operating system"
          noun="Sensors"
          rows={byPlatform
            .toSorted((one, other) => other.sensors - one.sensors)
            .map(({ platform, sensors }) => ({
              key: platform,
              label: <TextLink {...paths.sensors({ platform })}>{PLATFORM_NAMES[platform]}</TextLink>,
              count: sensors,
            }))}
        />
      )}
    </Panel>
  );
}
