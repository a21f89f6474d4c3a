import { useQuery } from "@tanstack/react-query";
import { fetchViews, VIEWS } from "../api/views.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";

/** The person's starred views in the main menu. */
export function StarredViews({ onClose }: { onClose: () => void }) {
  const { data } = useQuery({ queryKey: VIEWS, queryFn: ({ signal }) => fetchViews(signal) });
  const starred = (data?.views ?? []).filter((view) => view.starred);
  if (starred.length === 0) return null;
  return (
    <>
      <h2>{messages.views.saved}</h2>
      {starred.map((view) => (
        <Link key={view.id} to={view.address || "?stream=user"} onClick={onClose}>
          <Icon name="views" />
          <OneLine text={view.name} />
        </Link>
      ))}
    </>
  );
}
