import { lazy, type ReactNode, Suspense } from "react";
import type { Session } from "../api/types.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { writeStored } from "../controls/stored.ts";
import { messages } from "../text/messages.ts";
import type { Rows } from "./rows.ts";
import type { Scope } from "./scope.ts";

const EventDrawer = lazy(() => import("../drawer/EventDrawer.tsx"));
const EmbedExport = lazy(() => import("../embed/EmbedExport.tsx"));
const ExportDialog = lazy(() => import("../exports/ExportDialog.tsx"));
const HelpDialog = lazy(() => import("./HelpDialog.tsx"));

/** A dialog over the list. */
export type Panel = "export" | "help" | "facets";

interface PanelsProps {
  session: Session;
  scope: Scope;
  rows: Rows;
  count: number | null;
  panel: Panel | null;
  /** The sidebar of values, for a screen that has no room beside the rows. */
  facets: ReactNode;
  singleKeys: boolean;
  onSingleKeys: (on: boolean) => void;
  onClosePanel: () => void;
  onShowEvent: (id: string) => void;
  onCloseEvent: () => void;
}

/** What lies over the list: the event that is open, and one dialog. Loaded when first needed. */
export function Panels(props: PanelsProps) {
  const { session, scope, rows, count, panel, onClosePanel } = props;
  const { event } = scope.view;
  return (
    <Suspense>
      {event !== null && (
        <EventDrawer
          id={event}
          scope={scope}
          rows={rows}
          tenant={session.tenant.name}
          onShow={props.onShowEvent}
          onClose={props.onCloseEvent}
        />
      )}
      {panel === "facets" && (
        <Dialog title={messages.facets.label} onClose={onClosePanel}>
          <div className="in">{props.facets}</div>
        </Dialog>
      )}
      {panel === "export" &&
        (session.embed ? (
          <EmbedExport scope={scope} count={count} onClose={onClosePanel} />
        ) : (
          <ExportDialog scope={scope} onClose={onClosePanel} />
        ))}
      {panel === "help" && (
        <HelpDialog
          singleKeys={props.singleKeys}
          onSingleKeys={(on) => {
            props.onSingleKeys(on);
            writeStored("single-keys", on ? null : "off");
          }}
          onClose={onClosePanel}
        />
      )}
    </Suspense>
  );
}
