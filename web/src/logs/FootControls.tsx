import { lazy, Suspense, useState } from "react";
import { readStored } from "../controls/stored.ts";
import { messages } from "../text/messages.ts";
import type { ColumnState } from "./columnState.ts";
import { useDensity, useTimes } from "./look.ts";
import type { Scope } from "./scope.ts";
import { useShortcuts } from "./shortcuts.ts";
import type { Change } from "./view.ts";

const ColumnsDialog = lazy(() => import("./ColumnsDialog.tsx"));

interface FootControlsProps {
  scope: Scope;
  columns: ColumnState;
  narrow: boolean;
  change: Change;
}

/** The footer's end: how times are told and in which zone, the columns, the height of rows. */
export function FootControls({ scope, columns, narrow, change }: FootControlsProps) {
  const { density: densities, densityHint, times: timeNames, timesHint } = messages.list;
  const [isChoosing, setChoosing] = useState(false);
  const [density, setDensity] = useDensity();
  const [times, setTimes] = useTimes();
  const otherDensity = density === "compact" ? "cosy" : "compact";
  const otherTimes = times === "absolute" ? "relative" : "absolute";
  useShortcuts({ c: () => setChoosing(true) }, readStored("single-keys") !== "off");
  return (
    <>
      <button
        type="button"
        className="linkish mid-info"
        title={timesHint(timeNames[otherTimes])}
        onClick={() => setTimes(otherTimes)}
      >
        {times === "absolute"
          ? messages.times.formats[scope.settings.date_format]
          : timeNames.relative}
        , {scope.zone}
      </button>
      {!narrow && (
        <>
          <button type="button" className="linkish" onClick={() => setChoosing(true)}>
            {messages.list.chooser.open}
          </button>
          <button
            type="button"
            className="linkish"
            title={densityHint(densities[otherDensity])}
            onClick={() => setDensity(otherDensity)}
          >
            {densities[density]}
          </button>
        </>
      )}
      {isChoosing && (
        <Suspense>
          <ColumnsDialog
            state={columns}
            onCols={(cols) => change({ cols }, { replace: true })}
            onClose={() => setChoosing(false)}
          />
        </Suspense>
      )}
    </>
  );
}
