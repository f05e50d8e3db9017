import { getRouteApi } from "@tanstack/react-router";
import { HistoryDialog } from "../../components/HistoryDialog.tsx";
import { paths } from "../../paths.ts";

const route = getRouteApi("/app/team/users/$userId/history");

export function UserHistoryDialog() {
  const { userId } = route.useParams();
  return <HistoryDialog type="user" id={userId} list={paths.users()} />;
}
