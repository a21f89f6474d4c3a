import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { CellActions } from "../actions/CellActions.tsx";
import type { Session } from "../api/types.ts";
import { go, wasOpened } from "../app/route.ts";
import { useNow } from "../controls/clock.ts";
import { useNarrow, useWide } from "../controls/narrow.ts";
import { readStored } from "../controls/stored.ts";
import { Facets } from "../facets/Facets.tsx";
import { Icon } from "../icons/Icon.tsx";
import type { Top } from "../shell/Shell.tsx";
import { ZoneSwitch } from "../shell/ZoneSwitch.tsx";
import { GroupBy, ShowAs } from "../summary/Choices.tsx";
import { TaskToggle } from "../tasks/TaskToggle.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { ViewsMenu } from "../views/ViewsMenu.tsx";
import { useColumns } from "./columnState.ts";
import { useNarrowedCount, useNewEvents, useStreamCounts } from "./counts.ts";
import { EndBar } from "./EndBar.tsx";
import type { TableHandle } from "./EventTable.tsx";
import { Explain } from "./Explain.tsx";
import { FootControls } from "./FootControls.tsx";
import { Histogram } from "./Histogram.tsx";
import { LiveControl, waitingText } from "./LiveControl.tsx";
import { useLive } from "./live.ts";
import { type Panel, Panels } from "./Panels.tsx";
import { PeriodControl, periodMoves } from "./PeriodControl.tsx";
import { Results } from "./Results.tsx";
import { useRows } from "./rows.ts";
import { SearchBox } from "./SearchBox.tsx";
import { StreamTabs } from "./StreamTabs.tsx";
import { periodName, scopeOf } from "./scope.ts";
import { useShortcuts } from "./shortcuts.ts";
import { useAnchor, useView } from "./view.ts";

const RunsTable = lazy(() => import("../tasks/RunsTable.tsx"));
const SummaryView = lazy(() => import("../summary/SummaryView.tsx"));
const text = messages.logs;

/** Main menu → Administration → Audit Logs. Everything it shows follows from the address. */
export function AuditLogs({ session, top }: { session: Session; top: Top }) {
  const { embed } = session;
  const [view, change] = useView();
  const narrow = useNarrow();
  const isWide = useWide();
  const now = useNow(20_000);
  const client = useQueryClient();
  const [generation, setGeneration] = useState(0);
  const [panel, setPanel] = useState<Panel | null>(null);
  const [singleKeys, setSingleKeys] = useState(() => readStored("single-keys") !== "off");
  const search = useRef<{ focus: () => void }>(null);
  const table = useRef<TableHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);

  const anchor = useAnchor(view.last, generation);
  const scope = useMemo(
    () => scopeOf(view, session.settings, now, anchor),
    [view, session.settings, now, anchor],
  );
  const counted = useStreamCounts(scope, generation);
  const total = counted.counts?.[view.stream] ?? null;
  const narrowedCount = useNarrowedCount(scope, generation);
  const count = scope.narrowed ? narrowedCount : total;
  const isSummary = view.view === "summary";
  const { query, rows } = useRows(scope.filters, generation, !isSummary);
  const [summaryProblem, setSummaryProblem] = useState<unknown>(null);
  const problem = isSummary ? summaryProblem : query.error;
  const fresh = useNewEvents(scope, counted, now);
  const moves = periodMoves(scope, change);
  const columns = useColumns(view.cols);

  const showNew = useCallback(() => {
    setGeneration((before) => before + 1);
    scroller.current?.scrollTo({ top: 0 });
    client.removeQueries({ queryKey: ["stats", "fresh"] });
  }, [client]);
  const live = useLive({
    scope,
    now,
    generation,
    through: rows.page?.indexed_through ?? null,
    scroller,
    isReading: view.event !== null,
    reload: showNew,
  });
  // An empty list has no rows to move away under the reader: new events come in by themselves.
  useEffect(() => {
    if (fresh > 0 && total === 0) showNew();
  }, [fresh, total, showNew]);

  const close = () => {
    if (wasOpened()) history.back();
    else change({ event: null }, { replace: true });
    table.current?.focusCurrent();
  };
  const open = (id: string) =>
    change(
      { event: id },
      view.event === null ? { opened: true } : { replace: true, opened: wasOpened() },
    );

  const mayExport = embed?.mayExport ?? true;
  useShortcuts(
    {
      "/": () => search.current?.focus(),
      j: () => table.current?.move(1),
      k: () => table.current?.move(-1),
      ArrowDown: () => table.current?.move(1),
      ArrowUp: () => table.current?.move(-1),
      "[": moves.previous,
      "]": moves.next,
      d: () => moves.setPeriod("day"),
      w: () => moves.setPeriod("week"),
      m: () => moves.setPeriod("month"),
      t: moves.toToday,
      "1": () => change({ stream: "user", event: null }),
      "2": () => change({ stream: "system", event: null }),
      "3": () => change({ stream: "task", event: null }),
      e: () => mayExport && setPanel("export"),
      "?": () => setPanel("help"),
      Escape: () => {
        if (view.event !== null) close();
        else if (scope.narrowed) change({ from: null, to: null });
      },
    },
    singleKeys,
  );

  const title = view.q ? visible(view.q) : `${text.streams[view.stream]}, ${periodName(scope)}`;
  useEffect(() => {
    document.title = `${text.title} · ${title} · ${messages.product}`;
  }, [title]);
  // A new view is read from its beginning.
  const { q: _, order: __, ...searched } = scope.filters;
  const listKey = JSON.stringify(scope.filters);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the trigger
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [listKey]);

  const showRuns = view.stream === "task" && !view.everyEntry;
  const facets = (
    <Facets
      scope={scope}
      generation={generation}
      isReady={isSummary || (rows.page !== null && !query.isPlaceholderData)}
      onSearch={(q) => change({ q, event: null })}
    />
  );
  const iconOnly = narrow ? "btn icon quiet" : "btn";
  const isLive = live.state !== "off";
  const showWaiting = () => {
    if (isLive) live.show();
    else showNew();
    scroller.current?.scrollTo({ top: 0 });
  };
  const awaited = isLive ? live.waiting : total === 0 ? 0 : fresh;
  const pill = awaited > 0 && (
    <button type="button" className="pill" onClick={showWaiting}>
      <Icon name="up" />
      {waitingText(awaited)}
    </button>
  );
  return (
    <>
      {top(
        text.title,
        <ZoneSwitch
          zone={scope.zone}
          tenantZone={session.settings.zone}
          onChoose={(zone) => change({ tz: zone === session.settings.zone ? null : zone })}
        />,
        () => setPanel("help"),
      )}
      <div className="bar">
        <StreamTabs
          stream={view.stream}
          counts={counted.counts}
          streams={embed?.streams}
          onChoose={(stream) => change({ stream, event: null })}
        />
        <ShowAs view={view} change={change} />
        <PeriodControl scope={scope} change={change} />
      </div>
      <div className="query">
        <SearchBox
          q={view.q}
          problem={problem}
          narrow={narrow}
          within={searched}
          handle={search}
          onSearch={(q, more) => change({ q, event: null }, { replace: more })}
        />
        {isSummary && <GroupBy view={view} change={change} />}
        {view.stream === "task" && view.view === "list" && (
          <TaskToggle
            everyEntry={view.everyEntry}
            onChoose={(everyEntry) => change({ everyEntry })}
          />
        )}
        {mayExport && (
          <button
            type="button"
            className={iconOnly}
            aria-label={text.export}
            onClick={() => setPanel("export")}
          >
            <Icon name="export" />
            <span className="label">{text.export}</span>
          </button>
        )}
        {!isWide && (
          <button
            type="button"
            className="btn icon"
            aria-label={messages.facets.open}
            title={messages.facets.open}
            onClick={() => setPanel("facets")}
          >
            <Icon name="filter" />
          </button>
        )}
        {!embed && (
          <>
            <LiveControl live={live} narrow={narrow} />
            <ViewsMenu scope={scope} />
            <button
              type="button"
              className={narrow ? "btn icon quiet" : "btn icon"}
              aria-label={text.settings}
              title={text.settings}
              onClick={() => go("settings", { opened: true })}
            >
              <Icon name="gear" />
            </button>
          </>
        )}
      </div>
      {isSummary ? (
        <Suspense>
          <SummaryView
            scope={scope}
            change={change}
            narrow={narrow}
            onProblem={setSummaryProblem}
          />
        </Suspense>
      ) : (
        <>
          {(!showRuns || query.isError) && (
            <Explain
              scope={scope}
              explained={rows.page?.query.explained ?? null}
              when={rows.page?.query.when ?? ""}
              count={query.isError ? null : count}
              total={scope.narrowed ? total : count}
              problem={query.error}
            />
          )}
          <div className={isWide ? "work" : "work alone"}>
            {isWide && facets}
            <section
              id="events"
              ref={narrow ? scroller : undefined}
              className={narrow ? "results cards" : "results"}
              role="tabpanel"
              aria-labelledby={`tab-${view.stream}`}
            >
              {showRuns ? (
                <Suspense>
                  <RunsTable
                    scope={scope}
                    generation={generation}
                    now={now}
                    open={view.event}
                    onOpen={open}
                  >
                    {pill}
                  </RunsTable>
                </Suspense>
              ) : (
                <>
                  <Histogram
                    scope={scope}
                    generation={generation}
                    now={now}
                    narrow={narrow}
                    change={change}
                  >
                    {pill}
                  </Histogram>
                  <CellActions rows={rows} q={view.q} change={change}>
                    <Results
                      scope={scope}
                      query={query}
                      rows={rows}
                      total={count}
                      tenant={session.tenant.name}
                      columns={columns}
                      narrow={narrow}
                      scroller={scroller}
                      handle={table}
                      onOpen={open}
                      onOrder={() => change({ order: view.order === "desc" ? "asc" : "desc" })}
                    />
                  </CellActions>
                  <EndBar
                    scope={scope}
                    count={query.isError ? null : count}
                    total={total}
                    rows={rows}
                  >
                    <FootControls scope={scope} columns={columns} narrow={narrow} change={change} />
                  </EndBar>
                </>
              )}
            </section>
          </div>
        </>
      )}
      <Panels
        session={session}
        scope={scope}
        rows={rows}
        count={count}
        panel={panel}
        facets={facets}
        singleKeys={singleKeys}
        onSingleKeys={setSingleKeys}
        onClosePanel={() => setPanel(null)}
        onShowEvent={(id) => change({ event: id }, { replace: true, opened: wasOpened() })}
        onCloseEvent={close}
      />
    </>
  );
}
