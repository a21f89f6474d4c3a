import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { fetchViews, VIEWS } from "../api/views.ts";
import { go } from "../app/route.ts";
import { MenuButton } from "../controls/MenuButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { Scope } from "../logs/scope.ts";
import { writeView } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { OneLine } from "../text/Shown.tsx";
import { BUILT_IN, dayOfSteps } from "./builtin.ts";

const ViewsDialog = lazy(() => import("./ViewsDialog.tsx"));
const text = messages.views;
// Once for each load of the page: afterwards an empty address is what the person asked for.
let isOpened = false;

/** Views built in and saved; saves what is shown now. */
export function ViewsMenu({ scope }: { scope: Scope }) {
  const { view } = scope;
  const [dialog, setDialog] = useState<"save" | "manage" | null>(null);
  const { data } = useQuery({ queryKey: VIEWS, queryFn: ({ signal }) => fetchViews(signal) });
  const views = data?.views;
  useEffect(() => {
    if (!views || isOpened) return;
    isOpened = true;
    const first = views.find((one) => one.opens);
    if (first?.address && location.search === "") go(first.address, { replace: true });
  }, [views]);
  const item = (key: string, name: string, address: string, close: () => void, note?: string) => (
    <button
      key={key}
      type="button"
      role="menuitem"
      tabIndex={-1}
      onClick={() => {
        close();
        go(address || "?stream=user");
      }}
    >
      <Icon name="views" />
      <OneLine text={name} />
      {note && <span className="end">{note}</span>}
    </button>
  );
  const choice = (name: "save" | "manage", close: () => void) => (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      onClick={() => {
        close();
        setDialog(name);
      }}
    >
      <Icon name={name === "save" ? "plus" : "gear"} />
      {text[name]}
    </button>
  );
  return (
    <>
      <MenuButton
        label={text.views}
        className="btn"
        face={
          <>
            <Icon name="views" />
            <span className="label">{text.views}</span>
          </>
        }
      >
        {(close) => (
          <>
            {choice("save", close)}
            {(views?.length ?? 0) > 0 && choice("manage", close)}
            {(views?.length ?? 0) > 0 && <hr />}
            {views?.map((one) =>
              item(
                one.id,
                one.name,
                one.address,
                close,
                one.mine ? undefined : text.sharedBy(one.owner_name),
              ),
            )}
            <hr />
            {BUILT_IN.map((one) => item(one.name, text.names[one.name], one.address, close))}
            {item("daySteps", text.names.daySteps, dayOfSteps(scope), close)}
          </>
        )}
      </MenuButton>
      {dialog && (
        <Suspense>
          <ViewsDialog
            isNew={dialog === "save"}
            address={writeView({ ...view, event: null })}
            onClose={() => setDialog(null)}
          />
        </Suspense>
      )}
    </>
  );
}
