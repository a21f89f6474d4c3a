import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { cancelExport, EXPORTS, type Export, isOpen, useCreateExport } from "../api/exports.ts";
import type { Session } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import type { Top } from "../shell/Shell.tsx";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { ExportTable } from "./ExportTable.tsx";
import { ManifestDialog } from "./ManifestDialog.tsx";
import { useExports, useSeeing } from "./useExports.ts";
import "./exports.css";

const text = messages.exports;

export type Act = "stop" | "manifest" | "again";

/** Main menu → Administration → Exports: those that run, and those that were made. */
export default function ExportsPage({ session, top }: { session: Session; top: Top }) {
  const query = useExports();
  const [acting, setActing] = useState<{ act: Act; of: Export } | null>(null);
  const again = useCreateExport(askedOf);
  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
  }, []);
  const isAdmin = session.person.role === "admin";
  const exports = query.data?.exports ?? null;
  useSeeing(exports);
  return (
    <>
      {top(text.title)}
      <div className="page">
        <div className="column wide">
          <p className="lead">
            {text.lead(query.data?.keep_days ?? null)} {isAdmin ? text.leadAll : text.leadOwn}
          </p>
          {again.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {again.error.message}
            </p>
          )}
          <section className="panel exports">
            <header>
              <h2>{text.title}</h2>
              <Link className="btn" to="">
                {text.toList}
              </Link>
            </header>
            {query.isError ? (
              <Failure problem={query.error} retry={() => query.refetch()} />
            ) : exports?.length === 0 ? (
              <div className="exports-none">
                <Icon name="export" />
                <p>{text.none}</p>
                <p className="muted">{text.noneHow}</p>
              </div>
            ) : (
              <ExportTable
                exports={exports}
                settings={session.settings}
                onAct={(act, of) => {
                  if (act === "again") again.mutate(of);
                  else setActing({ act, of });
                }}
              />
            )}
          </section>
        </div>
      </div>
      {acting?.act === "stop" && <StopDialog of={acting.of} onClose={() => setActing(null)} />}
      {acting?.act === "manifest" && (
        <ManifestDialog of={acting.of} onClose={() => setActing(null)} />
      )}
    </>
  );
}

/** The same set once more, in the same form. */
function askedOf({ filter, wish }: Export): Record<string, string> {
  const isTable = ["csv", "xlsx", "parquet"].includes(wish.format);
  return {
    ...filter,
    format: wish.format,
    order: wish.order,
    csv: wish.form,
    separator: wish.separator,
    bom: wish.bom ? "yes" : "no",
    compress: wish.compress,
    ...(isTable ? { columns: wish.columns.join() } : {}),
  };
}

/** Asks before an export is cancelled, or the file of one is removed. */
function StopDialog({ of, onClose }: { of: Export; onClose: () => void }) {
  const client = useQueryClient();
  const [runs] = useState(() => isOpen(of));
  const stop = useMutation({
    mutationFn: () => cancelExport(of.id),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: EXPORTS });
      onClose();
    },
  });
  return (
    <Dialog title={runs ? text.cancelTitle : text.removeTitle} onClose={onClose}>
      <div className="in">
        <p className="exports-name">{visible(of.file_name)}</p>
        <p>{runs ? text.cancelText : text.removeText}</p>
        {stop.isError && (
          <p className="wrong" role="alert">
            <Icon name="fail" />
            {stop.error.message}
          </p>
        )}
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {runs ? text.goOn : text.keep}
        </button>
        <button
          type="button"
          className="btn danger"
          disabled={stop.isPending}
          onClick={() => stop.mutate()}
        >
          {runs ? text.cancel : text.remove}
        </button>
      </div>
    </Dialog>
  );
}
