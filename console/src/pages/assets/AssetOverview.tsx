import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { PageBody } from "../../ui/PageBody.tsx";
import { Section } from "../../ui/Section.tsx";
import { exactTime } from "../../ui/time.ts";
import { assetQuery } from "./asset-queries.ts";
import { ASSET_TYPE_NAMES, IDENTIFIER_NAMES } from "./asset-words.ts";

const route = getRouteApi("/app/assets/$assetId");

export function AssetOverview() {
  const { assetId } = route.useParams();
  const { data: asset } = useSuspenseQuery(assetQuery(assetId));
  return (
    <PageBody>
      <Facts
        facts={[
          {
            label: "Sensor",
            value: asset.sensor ? (
              <TextLink {...paths.sensor(asset.sensor.id)}>{asset.sensor.hostname}</TextLink>
            ) : (
              "None"
            ),
          },
          {
            label: "Asset Group",
            value: asset.assetGroup ? (
              <TextLink {...paths.assets({ assetGroupId: asset.assetGroup.id })}>
                {asset.assetGroup.name}
              </TextLink>
            ) : (
              "None"
            ),
          },
          {
            label: "Type",
            value: (
              <>
                {ASSET_TYPE_NAMES[asset.type]}
                {asset.typeSource === "user" && <span className="quiet"> (set by a user)</span>}
              </>
            ),
          },
          { label: "Category", value: "Compute" },
          { label: "Created", value: exactTime(asset.createdAt) },
          { label: "Asset ID", value: <CopyText value={asset.id} name="asset ID" short /> },
        ]}
      />
      <Section title="Identifiers" text="The values that identify this host.">
        <Facts
          facts={asset.identifiers.map(({ type, value }) => ({
            label: IDENTIFIER_NAMES[type],
            value: <CopyText value={value} name={IDENTIFIER_NAMES[type]} />,
          }))}
        />
      </Section>
      <Outlet />
    </PageBody>
  );
}
