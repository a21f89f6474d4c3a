import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { address } from "../api/client.ts";
import { EXPORTS, type ExportLimits, fetchLimits, useCreateExport } from "../api/exports.ts";
import { fetchStats } from "../api/log.ts";
import { Link } from "../app/Link.tsx";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { useColumns } from "../logs/columnState.ts";
import { type Scope, shownName } from "../logs/scope.ts";
import { messages } from "../text/messages.ts";
import { visible } from "../text/visible.ts";
import { Columns, Formats, Packings, type Wanted } from "./ExportChoices.tsx";
import { columnsAsked, FORMS } from "./formats.ts";
import "./dialog.css";

const text = messages.exporting;

interface ExportDialogProps {
  scope: Scope;
  onClose: () => void;
}

/** How many events this tab and all tabs have, counted when the dialog opens. */
function useCounts({ filters, view }: Scope): { here: number; all: number } | null {
  const { stream: _, order: __, ...rest } = filters;
  const { data } = useQuery({
    queryKey: ["stats", "export", rest],
    queryFn: ({ signal }) => fetchStats({ ...rest, group: "stream" }, signal),
    staleTime: 0,
    gcTime: 0,
  });
  if (!data?.groups) return null;
  const here = data.groups.find((group) => group.key === view.stream)?.count ?? 0;
  return { here, all: data.groups.reduce((sum, group) => sum + group.count, 0) };
}

/** Says exactly what will be in the file; small ones stream to the browser, large ones are jobs. */
export default function ExportDialog({ scope, onClose }: ExportDialogProps) {
  const { view, filters } = scope;
  const counts = useCounts(scope);
  const limits = useQuery({
    queryKey: [...EXPORTS, "limits"],
    queryFn: ({ signal }) => fetchLimits(signal),
    staleTime: 0,
  });
  const { shown } = useColumns(view.cols);
  const [everything, setEverything] = useState(false);
  const [kept, setKept] = useState(false);
  const [wanted, setWanted] = useState<Wanted>({
    form: FORMS[0] as Wanted["form"],
    columns: "standard",
    packing: "none",
  });

  const count = counts && (everything ? counts.all : counts.here);
  const may = limits.data ?? null;
  const isLarge = count !== null && may !== null && count > may.stream_rows;
  const problem = count !== null && may !== null ? refusal(count, may) : null;
  const { form } = wanted;
  const asked = {
    ...filters,
    stream: everything ? "all" : view.stream,
    ...form.ask,
    ...(form.isTable ? { columns: columnsAsked(wanted.columns, shown) } : {}),
    ...(form.packs ? { compress: wanted.packing } : {}),
  };
  const create = useCreateExport(texts);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isLarge || kept) {
      create.mutate(asked);
      return;
    }
    const link = document.createElement("a");
    link.href = address("v1/export", asked);
    link.download = "";
    link.click();
    onClose();
  };

  if (create.data) return <Started total={create.data.total} onClose={onClose} />;
  return (
    <Dialog title={text.title} onClose={onClose}>
      <form className="exporting" onSubmit={submit}>
        <div className="in">
          <p aria-live="polite">
            <b>{count === null ? text.counting : text.scope(count)}</b>
          </p>
          <dl className="pairs wrap">
            <dt id="export-tab">{text.tab}</dt>
            <dd>
              <fieldset className="seg bare" aria-labelledby="export-tab">
                {[false, true].map((all) => {
                  const name = all ? text.allTabs : messages.logs.streams[view.stream];
                  const amount = counts && (all ? counts.all : counts.here);
                  return (
                    <button
                      key={`${all}`}
                      type="button"
                      aria-pressed={everything === all}
                      onClick={() => setEverything(all)}
                    >
                      {amount === null ? name : text.countOf(name, amount)}
                    </button>
                  );
                })}
              </fieldset>
            </dd>
            <dt>{text.time}</dt>
            <dd>{shownName(scope)}</dd>
            <dt>{text.search}</dt>
            <dd>{view.q ? <code>{visible(view.q)}</code> : text.noSearch}</dd>
            <dt>{text.own}</dt>
            <dd>{scope.settings.show_own ? text.ownShown : text.ownHidden}</dd>
            <dt id="export-columns">{text.columns}</dt>
            <dd>
              <Columns wanted={wanted} shown={shown.length} onChange={setWanted} />
            </dd>
            <dt>{text.zone}</dt>
            <dd>
              {form.isTable
                ? `${messages.times.formats[scope.settings.date_format]}, ${scope.zone}`
                : text.zoneUtc}
            </dd>
          </dl>
          <Formats wanted={wanted} limits={may} onChange={setWanted} />
          {form.packs && <Packings wanted={wanted} onChange={setWanted} />}
          {may && !isLarge && (
            <label className="export-keep">
              <input
                type="checkbox"
                checked={kept}
                onChange={(event) => setKept(event.target.checked)}
              />
              {text.keep(may.keep_days)}
            </label>
          )}
          {may && isLarge && !problem && (
            <p className="export-large">
              <Icon name="wait" />
              {text.large(may.stream_rows, may.keep_days)}
            </p>
          )}
          {[problem, limits.error?.message, create.error?.message].map(
            (one) =>
              one && (
                <p key={one} className="wrong" role="alert">
                  <Icon name="fail" />
                  {one}
                </p>
              ),
          )}
          <p className="muted">
            {may && may.most_rows > 0 && !problem && `${text.limit(may.most_rows)} `}
            {text.recorded}
          </p>
        </div>
        <div className="actions">
          <button type="button" className="btn" onClick={onClose}>
            {messages.keys.cancel}
          </button>
          <button
            type="submit"
            className="btn main"
            disabled={count === null || may === null || problem !== null || create.isPending}
          >
            <Icon name="export" />
            {isLarge || kept ? text.startJob : text.start}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Why this caller cannot have so many events; null when they can. */
function refusal(count: number, { allowed, most_rows, role }: ExportLimits): string | null {
  if (!allowed) return text.denied(messages.roles[role] ?? role);
  return most_rows > 0 && count > most_rows ? text.tooMany(count, most_rows) : null;
}

/** Parameters as the API wants them in a body: texts, and none that says nothing. */
function texts(asked: Record<string, unknown>): Record<string, string> {
  const said = Object.entries(asked).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  return Object.fromEntries(said.map(([name, value]) => [name, `${value}`]));
}

/** A background export has begun: where it can be seen. */
function Started({ total, onClose }: { total: number; onClose: () => void }) {
  return (
    <Dialog title={text.started} onClose={onClose}>
      <div className="in">
        <p>{text.startedText(total)}</p>
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {messages.help.close}
        </button>
        <Link className="btn main" to="exports">
          <Icon name="export" />
          {text.toExports}
        </Link>
      </div>
    </Dialog>
  );
}
