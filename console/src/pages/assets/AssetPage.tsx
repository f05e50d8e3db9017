import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet, useNavigate } from "@tanstack/react-router";
import { disabledReason } from "../../components/disabled-reason.ts";
import { TextLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import tabs from "../../components/Tabs.module.css";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { ActionsMenu } from "../../ui/ActionsMenu.tsx";
import { assetQuery } from "./asset-queries.ts";
import { ASSET_TYPE_NAMES } from "./asset-words.ts";

const route = getRouteApi("/app/assets/$assetId");

/** The frame of an asset's tabs. */
export function AssetPage() {
  const { assetId } = route.useParams();
  const navigate = useNavigate();
  const { data: asset } = useSuspenseQuery({
    ...assetQuery(assetId),
    refetchInterval: refreshMs,
  });
  return (
    <>
      <PageHeader
        breadcrumb={<TextLink {...paths.assets()}>All assets</TextLink>}
        title={asset.name}
        mark={<span className="quiet">{ASSET_TYPE_NAMES[asset.type]}</span>}
        manage="assets:manage"
        action={
          <ActionsMenu
            actions={[
              {
                label: "Move to asset group…",
                onSelect: () => void navigate(paths.assetMove(asset.id)),
                disabledReason: disabledReason(asset.can.move),
              },
              {
                label: "Change type…",
                onSelect: () => void navigate(paths.assetType(asset.id)),
                disabledReason: disabledReason(asset.can.setType),
              },
            ]}
          />
        }
      />
      <nav aria-label="Asset" className={tabs.tabs}>
        <Link {...paths.asset(assetId)} className={tabs.tab} activeOptions={{ exact: true }}>
          Overview
        </Link>
        <Link {...paths.assetHistory(assetId)} className={tabs.tab}>
          History
        </Link>
      </nav>
      <Outlet />
    </>
  );
}
