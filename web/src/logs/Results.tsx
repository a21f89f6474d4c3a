import type { Ref, RefObject } from "react";
import { useCallback } from "react";
import { Empty } from "./Empty.tsx";
import { EventTable, type TableHandle } from "./EventTable.tsx";
import { Failure } from "./Failure.tsx";
import type { Rows, useRows } from "./rows.ts";
import { Skeleton } from "./Skeleton.tsx";
import type { Scope } from "./scope.ts";

interface ResultsProps {
  scope: Scope;
  query: ReturnType<typeof useRows>["query"];
  rows: Rows;
  total: number | null;
  tenant: string;
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
    <div className="scroll" ref={narrow ? undefined : scroller} aria-busy={query.isPlaceholderData}>
      <EventTable
        scope={scope}
        rows={rows}
        total={props.total}
        tenant={props.tenant}
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
  );
}
