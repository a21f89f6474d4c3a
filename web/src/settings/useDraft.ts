import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { APPROVALS } from "../api/approvals.ts";
import { ApiProblem } from "../api/client.ts";
import {
  type Conflict,
  type PolicyEdit,
  type Preview,
  previewRetention,
  RETENTION,
  type Retention,
  saveRetention,
} from "../api/retention.ts";
import { messages } from "../text/messages.ts";
import { type Draft, editOf, isEmpty, NOTHING } from "./draft.ts";

const PAUSE_MS = 250;

/** What somebody had not saved when they went to another page; it is theirs alone. */
let kept: { person: string; draft: Draft } | null = null;

/** Whether it holds, and does not only wait for a second person. */
const isSaved = (reply: Retention): boolean => (reply.approval ?? null) === null;

function conflictOf(problem: Error): Conflict | null {
  if (!(problem instanceof ApiProblem) || problem.code !== "policy-changed") return null;
  const told = problem.body.conflict as Conflict | null | undefined;
  return told ?? null;
}

/** Changes that are not saved yet, what they would do, and saving them against the version seen. */
export function useDraft(retention: Retention, person: string) {
  const client = useQueryClient();
  const [draft, keepDraft] = useState<Draft>(() =>
    kept?.person === person ? kept.draft : NOTHING,
  );
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const whole = editOf(draft, retention);
  const edit = isEmpty(whole) ? null : whole;
  const asked = useAfterPause(edit === null ? null : JSON.stringify(edit));
  const query = useQuery({
    queryKey: [...RETENTION, "preview", asked],
    queryFn: ({ signal }) => previewRetention(JSON.parse(asked ?? "{}") as PolicyEdit, signal),
    enabled: asked !== null,
    staleTime: 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  // Numbers of another edit, or of another version, let nobody save.
  const isCurrent = asked !== null && asked === JSON.stringify(edit) && !query.isPlaceholderData;
  const preview: Preview | null = isCurrent ? (query.data ?? null) : null;

  const meet = (found: Conflict) => {
    setConflict(found);
    client.invalidateQueries({ queryKey: RETENTION, exact: true });
  };
  const met = query.error ? conflictOf(query.error) : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (met) meet(met);
  }, [query.error]);

  const setDraft = (next: Draft | null) => {
    keepDraft(next ?? NOTHING);
    kept = next === null ? null : { person, draft: next };
    setDone(null);
    save.reset();
    if (next === null) setConflict(null);
  };
  const save = useMutation({
    mutationFn: () => {
      const reason = draft.reason.trim();
      return saveRetention({ ...whole, ...(reason ? { reason } : {}) });
    },
    onSuccess: (reply) => {
      client.setQueryData(RETENTION, reply);
      client.invalidateQueries({ queryKey: isSaved(reply) ? RETENTION : APPROVALS });
      setDraft(null);
      const text = messages.retention.preview;
      setDone(isSaved(reply) ? text.saved(reply.version) : text.asked);
    },
    onError: (problem) => {
      const found = conflictOf(problem);
      if (found) meet(found);
    },
  });
  const problem = save.error ?? query.error;
  return {
    draft,
    setDraft,
    edit,
    preview,
    save,
    conflict,
    seen: () => setConflict(null),
    failure: problem && !conflictOf(problem) ? problem.message : null,
    done,
  };
}

/** The value, once it has stayed the same for a moment: not each key pressed asks the service. */
function useAfterPause(value: string | null): string | null {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return value === null ? null : settled;
}
