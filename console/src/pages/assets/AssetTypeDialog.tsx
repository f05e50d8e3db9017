import { ASSET_TYPES, type AssetType, setAssetType } from "@attacklens/protocol/assets.ts";
import { Select } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { assetQuery } from "./asset-queries.ts";
import { ASSET_TYPE_NAMES } from "./asset-words.ts";

const route = getRouteApi("/app/assets/$assetId");
const DERIVED = "derived";
const CHOICES = [
  { value: DERIVED, label: "From the sensor's reports" },
  ...ASSET_TYPES.map((type) => ({ value: type, label: ASSET_TYPE_NAMES[type] })),
];

export function AssetTypeDialog() {
  const { assetId } = route.useParams();
  const { data: asset } = useSuspenseQuery(assetQuery(assetId));
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: { type: asset.typeSource === "user" ? asset.type : DERIVED } });
  const { submit, isSubmitting, error } = useSubmit(form);
  const close = () => navigate({ ...paths.asset(assetId), replace: true });
  const send = form.onSubmit(({ type }) =>
    submit(async () => {
      const body = { type: type === DERIVED ? null : (type as AssetType) };
      const changed = await callApi(setAssetType, { params: { id: assetId }, body });
      await refresh(queryClient, "assets");
      notifications.show({
        message: `“${changed.name}” is a ${ASSET_TYPE_NAMES[changed.type].toLowerCase()}.`,
      });
      await close();
    }),
  );
  return (
    <FormDialog
      title="Change type"
      submit="Change type"
      onSubmit={send}
      onClose={() => void close()}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason(asset.can.setType)}
    >
      <Select
        label="Type"
        description="Reports do not change a type that you choose here."
        data={CHOICES}
        allowDeselect={false}
        data-autofocus
        {...form.getInputProps("type")}
      />
    </FormDialog>
  );
}
