import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Category, fetchRetention, RETENTION, type Retention } from "../api/retention.ts";
import { Icon } from "../icons/Icon.tsx";
import { Failure } from "../logs/Failure.tsx";
import { messages } from "../text/messages.ts";
import { ApprovalCards } from "./ApprovalCards.tsx";
import { CategoryDialog } from "./CategoryDialog.tsx";
import { CategoryTable } from "./CategoryTable.tsx";
import { ConflictNote } from "./ConflictNote.tsx";
import { touched, withPreset } from "./draft.ts";
import { FloorDialog } from "./FloorDialog.tsx";
import { descriptionOf, labelOf } from "./names.ts";
import { PendingCard } from "./PendingCard.tsx";
import { PresetsMenu } from "./PresetsMenu.tsx";
import { PreviewCard } from "./PreviewCard.tsx";
import { SweeperNote } from "./SweeperNote.tsx";
import { Tester } from "./Tester.tsx";
import type { TabProps } from "./tabs.ts";
import { useDraft } from "./useDraft.ts";
import "./retention.css";

const text = messages.retention;
const FIND_FROM = 16;

/** What is recorded and how long it is kept, by category and part. */
export default function RetentionTab(props: TabProps) {
  const query = useQuery({
    queryKey: RETENTION,
    queryFn: ({ signal }) => fetchRetention(signal),
    staleTime: 0,
  });
  if (query.isError && !query.data) {
    return <Failure problem={query.error} retry={() => query.refetch()} />;
  }
  if (!query.data) {
    return (
      <section className="panel">
        <div className="in">
          <span className="bone key-bone" />
          <span className="bone key-bone" />
        </div>
      </section>
    );
  }
  return <Loaded {...props} retention={query.data} />;
}

function Loaded({ session, isAdmin, retention }: TabProps & { retention: Retention }) {
  const { draft, setDraft, edit, preview, save, conflict, seen, failure, done } = useDraft(
    retention,
    session.person.id,
  );
  const [find, setFind] = useState("");
  const [open, setOpen] = useState<{ category: Category | null } | null>(null);
  const [floorFor, setFloorFor] = useState<Category | null>(null);
  const wanted = find.trim().toLowerCase();
  const shown = retention.categories.filter((category) =>
    [category.name, labelOf(category), descriptionOf(category)].some((word) =>
      word.toLowerCase().includes(wanted),
    ),
  );
  const format = session.settings.date_format;
  return (
    <div className="retention split">
      <div className="sidepanel">
        {conflict && <ConflictNote conflict={conflict} settings={session.settings} onSeen={seen} />}
        <section className="panel" aria-labelledby="retention-categories">
          <header>
            <h2 id="retention-categories">{text.categories}</h2>
            <span className="muted">{text.lead}</span>
            {retention.categories.length >= FIND_FROM && (
              <input
                className="input find"
                type="search"
                aria-label={text.find}
                placeholder={text.find}
                value={find}
                onChange={(event) => setFind(event.target.value)}
              />
            )}
            {isAdmin && (
              <>
                <PresetsMenu
                  onChoose={(preset) => setDraft(withPreset(draft, preset, retention.categories))}
                />
                <button type="button" className="btn" onClick={() => setOpen({ category: null })}>
                  <Icon name="plus" />
                  {text.add}
                </button>
              </>
            )}
          </header>
          {shown.length === 0 ? (
            <p className="in muted">{text.noneFound}</p>
          ) : (
            <CategoryTable
              categories={shown}
              draft={draft}
              faults={preview?.faults ?? []}
              format={format}
              isAdmin={isAdmin}
              onDraft={setDraft}
              onOpen={(category) => setOpen({ category })}
              onFloor={setFloorFor}
            />
          )}
          <p className="in muted off-note">
            <Icon name="denied" />
            {text.offNote}
          </p>
        </section>
        <section className="panel" aria-labelledby="retention-try">
          <header>
            <h2 id="retention-try">{text.try}</h2>
          </header>
          <div className="in">
            <p className="muted">{text.tryHint}</p>
            <Tester />
          </div>
        </section>
      </div>
      <div className="sidepanel">
        {isAdmin && (
          <PreviewCard
            edit={edit}
            preview={preview}
            settings={session.settings}
            reason={draft.reason}
            isSaving={save.isPending}
            failure={failure}
            done={done}
            onReason={(reason) => setDraft({ ...draft, reason })}
            onSave={() => save.mutate()}
            onDiscard={() => setDraft(null)}
          />
        )}
        <ApprovalCards settings={session.settings} isAdmin={isAdmin} />
        {retention.pending && (
          <PendingCard
            retention={retention}
            pending={retention.pending}
            settings={session.settings}
            isAdmin={isAdmin}
          />
        )}
        <SweeperNote retention={retention} settings={session.settings} isAdmin={isAdmin} />
      </div>
      {edit && (
        <p className="to-preview">
          {text.preview.changed(touched(edit))}
          <button
            type="button"
            className="btn"
            onClick={() => {
              const card = document.getElementById("retention-preview");
              card?.scrollIntoView({ block: "start" });
              card?.focus();
            }}
          >
            {text.preview.look}
          </button>
        </p>
      )}
      {open && (
        <CategoryDialog
          retention={retention}
          category={open.category}
          isAdmin={isAdmin}
          onClose={() => setOpen(null)}
        />
      )}
      {floorFor && (
        <FloorDialog
          category={floorFor}
          today={retention.today}
          onClose={() => setFloorFor(null)}
          onTake={(floor) => {
            setDraft({ ...draft, floors: [...draft.floors, floor] });
            setFloorFor(null);
          }}
        />
      )}
    </div>
  );
}
