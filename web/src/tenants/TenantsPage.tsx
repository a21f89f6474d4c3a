import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import {
  fetchTenants,
  TENANTS,
  type Tenant,
  type Tenants,
  withdrawDeletion,
} from "../api/tenants.ts";
import type { Session } from "../api/types.ts";
import { ReasonDialog } from "../controls/ReasonDialog.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { momentText } from "../time/format.ts";
import { DeletedTable } from "./DeletedTable.tsx";
import { DeletionDialog } from "./DeletionDialog.tsx";
import { TenantTable } from "./TenantTable.tsx";
import "./tenants.css";

const text = messages.tenants;
const LOOK_MS = 2000;

/** Whether a deletion is due or under way: it goes on by itself. */
const isGoing = (data: Tenants | undefined): boolean =>
  data !== undefined &&
  (data.deleted.some((one) => one.deletion.state !== "deleted") ||
    data.tenants.some(
      ({ deletion }) => deletion?.state === "announced" && Date.parse(deletion.due_at) < Date.now(),
    ));

/** Main menu → Tenants, for administrators of the first one. */
export default function TenantsPage({ session, top }: { session: Session; top: Top }) {
  const client = useQueryClient();
  const [removing, setRemoving] = useState<Tenant | null>(null);
  const [keeping, setKeeping] = useState<Tenant | null>(null);
  const query = useQuery({
    queryKey: TENANTS,
    queryFn: ({ signal }) => fetchTenants(signal),
    staleTime: 0,
    enabled: session.sees_tenants === true,
    refetchInterval: ({ state }) => (isGoing(state.data) ? LOOK_MS : false),
  });
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  if (!session.sees_tenants) {
    return (
      <>
        {top(text.title)}
        <Failure
          problem={new ApiProblem(403, "denied", text.notHome, " ")}
          retry={() => location.reload()}
        />
      </>
    );
  }
  const changed = () => client.invalidateQueries({ queryKey: TENANTS });
  const when = (at: string) =>
    momentText(Date.parse(at), session.settings.zone, session.settings.date_format);
  return (
    <>
      {top(text.title)}
      <div className="page">
        <div className="column wide">
          <p className="lead">{text.lead}</p>
          {query.isError ? (
            <Failure problem={query.error} retry={() => query.refetch()} />
          ) : (
            <TenantTable
              tenants={query.data?.tenants ?? null}
              when={when}
              onRemove={setRemoving}
              onKeep={setKeeping}
            />
          )}
          {query.data && query.data.deleted.length > 0 && (
            <DeletedTable deleted={query.data.deleted} when={when} />
          )}
        </div>
      </div>
      {removing && (
        <DeletionDialog
          tenant={removing}
          format={session.settings.date_format}
          onClose={() => setRemoving(null)}
          onAsked={changed}
        />
      )}
      {keeping && (
        <ReasonDialog
          title={text.withdrawTitle(keeping.name)}
          reasonLabel={text.withdrawReason}
          cancel={text.cancel}
          confirm={text.keep}
          act={(reason) => withdrawDeletion(keeping.name, reason).then(changed)}
          onClose={() => setKeeping(null)}
        >
          <p>{text.withdrawText}</p>
        </ReasonDialog>
      )}
    </>
  );
}
