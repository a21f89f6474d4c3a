import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import {
  changeView,
  createView,
  deleteView,
  fetchViews,
  type SavedView,
  VIEWS,
  type ViewBody,
} from "../api/views.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { messages } from "../text/messages.ts";

const text = messages.views;

interface ViewsDialogProps {
  isNew: boolean;
  /** What is shown now. */
  address: string;
  onClose: () => void;
}

/** Saves what is shown, or changes and deletes saved views. */
export default function ViewsDialog({ isNew, address, onClose }: ViewsDialogProps) {
  const { data } = useQuery({ queryKey: VIEWS, queryFn: ({ signal }) => fetchViews(signal) });
  return (
    <Dialog title={isNew ? text.saveTitle : text.saved} onClose={onClose}>
      <div className="in">
        {isNew ? (
          <ViewForm view={null} address={address} onDone={onClose} />
        ) : (
          data?.views.map((view) => <ViewForm key={view.id} view={view} address={address} />)
        )}
        {!isNew && data?.views.length === 0 && <p className="muted">{text.none}</p>}
      </div>
    </Dialog>
  );
}

interface ViewFormProps {
  view: SavedView | null;
  address: string;
  onDone?: () => void;
}

function ViewForm({ view, address, onDone }: ViewFormProps) {
  const client = useQueryClient();
  const [body, setBody] = useState<ViewBody>({
    name: view?.name ?? "",
    address: view?.address ?? address,
    shared: view?.shared ?? false,
    starred: view?.starred ?? true,
    opens: view?.opens ?? false,
  });
  const again = () => client.invalidateQueries({ queryKey: VIEWS });
  const save = useMutation({
    mutationFn: () => (view ? changeView(view, body) : createView(body)),
    onSuccess: () => {
      onDone?.();
      return again();
    },
    onError: async (problem) => {
      if (!(problem instanceof ApiProblem) || problem.status !== 409) return;
      // The form takes up what is there now, so that nothing is overwritten unseen.
      await again();
      const now = client
        .getQueryData<{ views: SavedView[] }>(VIEWS)
        ?.views.find((one) => one.id === view?.id);
      if (now) {
        const { name, address: kept, shared, starred, opens } = now;
        setBody({ name, address: kept, shared, starred, opens });
      }
    },
  });
  const remove = useMutation({
    mutationFn: () => (view ? deleteView(view) : Promise.resolve()),
    onSettled: again,
  });
  const problem = save.error ?? remove.error;
  const isConflict = problem instanceof ApiProblem && problem.status === 409;
  const tick = (name: "shared" | "starred" | "opens") => (
    <label className="row">
      <span className="label">{text[name]}</span>
      <input
        type="checkbox"
        checked={body[name]}
        onChange={(event) => setBody({ ...body, [name]: event.target.checked })}
      />
    </label>
  );
  return (
    <form
      className="forms"
      aria-label={view?.name ?? text.saveTitle}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <label className="lbl">
        {text.name}
        <input
          className="input"
          required
          maxLength={100}
          value={body.name}
          onChange={(event) => setBody({ ...body, name: event.target.value })}
        />
      </label>
      {tick("shared")}
      {tick("starred")}
      {tick("opens")}
      {problem && (
        <p className="wrong" role="alert">
          {isConflict
            ? text.conflict
            : problem instanceof ApiProblem
              ? problem.detail
              : messages.states.noAnswer}
        </p>
      )}
      <div className="row">
        <button type="submit" className="btn main" disabled={save.isPending}>
          {text.keep}
        </button>
        {view && (
          <>
            <button
              type="button"
              className="btn"
              disabled={body.address === address}
              onClick={() => setBody({ ...body, address })}
            >
              {text.update}
            </button>
            <button
              type="button"
              className="btn danger"
              disabled={remove.isPending}
              onClick={() => remove.mutate()}
            >
              {text.remove}
            </button>
          </>
        )}
      </div>
    </form>
  );
}
