import type { Ref, RefObject } from "react";
import { useCallback, useMemo } from "react";
import type { ColumnState } from "./columnState.ts";
import type { CellContext } from "./columns.tsx";
import { Empty } from "./Empty.tsx";
import { EventTable, type TableHandle } from "./EventTable.tsx";
import { Failure } from "./Failure.tsx";
import { useRelativeTo } from "./look.ts";
import { useMarks } from "./marks.ts";
import type { Rows, useRows } from "./rows.ts";
import { SelectionBar } from "./SelectionBar.tsx";
import { Skeleton } from "./Skeleton.tsx";
import type { Scope } from "./scope.ts";
import "./table.css";

interface ResultsProps {
  scope: Scope;
  query: ReturnType<typeof useRows>["query"];
  rows: Rows;
  total: number | null;
  tenant: string;
  columns: ColumnState;
  narrow: boolean;
  scroller: RefObject<HTMLDivElement | null>;
  handle: Ref<TableHandle>;
  onOpen: (id: string) => void;
  onOrder: () => void;
}

/** The rows, or what stands in their place: skeletons, nothing, an error. */
export function Results(props: ResultsProps) {
  const { scope, query, rows, narrow, scroller } = props;
  const { hasNextPage, isFetching, fetchNextPage, hasPreviousPage, fetchPreviousPage } = query;
  const { isPlaceholderData } = query;
  const { zone, settings } = scope;
  const relativeTo = useRelativeTo();
  const marks = useMarks(rows, JSON.stringify(scope.filters));
  const context = useMemo(
    (): CellContext => ({
      tenant: props.tenant,
      zone,
      format: settings.date_format,
      relativeTo,
    }),
    [props.tenant, zone, settings.date_format, relativeTo],
  );
  const onNeedNext = useCallback(() => {
    if (hasNextPage && !isFetching && !isPlaceholderData) fetchNextPage();
  }, [hasNextPage, isFetching, isPlaceholderData, fetchNextPage]);
  const onNeedPrevious = useCallback(() => {
    if (hasPreviousPage && !isFetching && !isPlaceholderData) fetchPreviousPage();
  }, [hasPreviousPage, isFetching, isPlaceholderData, fetchPreviousPage]);

  if (query.isError && !query.isFetchNextPageError && !query.isFetchPreviousPageError) {
    return (
      <div className="scroll">
        <Failure
          problem={query.error}
          isSearch={scope.view.q !== ""}
          retry={() => query.refetch()}
        />
      </div>
    );
  }
  if (query.isPending) return <Skeleton narrow={narrow} />;
  if (rows.end === 0) {
    return (
      <div className="scroll">
        <Empty scope={scope} page={rows.page} />
      </div>
    );
  }
  return (
    <>
      <div
        className="scroll"
        ref={narrow ? undefined : scroller}
        aria-busy={query.isPlaceholderData}
      >
        <EventTable
          scope={scope}
          rows={rows}
          total={props.total}
          context={context}
          columns={props.columns}
          marks={marks}
          narrow={narrow}
          isStale={query.isPlaceholderData}
          scroller={scroller}
          handle={props.handle}
          onOpen={props.onOpen}
          onOrder={props.onOrder}
          onNeedNext={onNeedNext}
          onNeedPrevious={onNeedPrevious}
        />
      </div>
      {marks.count > 0 && (
        <SelectionBar marks={marks} rows={rows} columns={props.columns.shown} context={context} />
      )}
    </>
  );
}
