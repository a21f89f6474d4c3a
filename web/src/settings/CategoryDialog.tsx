import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "../api/client.ts";
import {
  type Category,
  type Criticality,
  changeCategory,
  createCategory,
  KEEP_PARTS,
  type Keep,
  RETENTION,
  type Retention,
} from "../api/retention.ts";
import { Dialog } from "../controls/Dialog.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { DaysField } from "./DaysField.tsx";
import { labelOf } from "./names.ts";
import { isRule, type RuleRow, RuleRows } from "./RuleRows.tsx";
import { Tester } from "./Tester.tsx";

const text = messages.retention.editor;
const CRITICALITIES = Object.keys(text.criticalities) as Criticality[];
const AT_FIRST: Keep = { fact: 365, person: 365, content: 365 };

interface CategoryDialogProps {
  retention: Retention;
  /** Null makes a new one. */
  category: Category | null;
  isAdmin: boolean;
  onClose: () => void;
}

/** A category's names and the rules that lead to it, tried before they are saved. */
export function CategoryDialog({ retention, category, isAdmin, onClose }: CategoryDialogProps) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [label, setLabel] = useState(category?.label ?? "");
  const [description, setDescription] = useState(category?.description ?? "");
  const [criticality, setCriticality] = useState<Criticality>(category?.criticality ?? "normal");
  const [keep, setKeep] = useState<Keep>(AT_FIRST);
  const [reason, setReason] = useState("");
  const [rows, setRows] = useState<RuleRow[]>(() =>
    (category?.rules ?? []).map((rule, key) => ({ key, rule })),
  );
  const rules = rows.filter(isRule).map((row) => row.rule);
  const save = useMutation({
    mutationFn: () => {
      const body = {
        base_version: retention.version,
        criticality,
        description: description.trim(),
        ...(label.trim() ? { label: label.trim() } : {}),
        rules,
        ...(reason.trim() ? { reason: reason.trim() } : {}),
      };
      return category
        ? changeCategory(category.name, body)
        : createCategory({ ...body, name: name.trim(), keep });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: RETENTION });
      onClose();
    },
    // Somebody saved meanwhile: the newest version is taken, what was typed here stays.
    onError: (problem) => {
      if (problem instanceof ApiProblem && problem.status === 409) {
        client.invalidateQueries({ queryKey: RETENTION, exact: true });
      }
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isAdmin) save.mutate();
  };
  return (
    <Dialog title={category ? text.editTitle(labelOf(category)) : text.newTitle} onClose={onClose}>
      <form onSubmit={submit} id="category-form">
        <div className="in category-form">
          {!category && (
            <label className="lbl">
              {text.name}
              <small>{text.nameHint}</small>
              <input
                className="input"
                required
                pattern="[a-z][a-z0-9_\-]{0,39}"
                maxLength={40}
                autoComplete="off"
                spellCheck={false}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            </label>
          )}
          <label className="lbl">
            {text.label}
            <input
              className="input"
              maxLength={80}
              autoComplete="off"
              value={label}
              disabled={!isAdmin}
              onChange={(event) => setLabel(event.target.value)}
            />
          </label>
          <label className="lbl">
            {text.description}
            <input
              className="input"
              maxLength={200}
              autoComplete="off"
              value={description}
              disabled={!isAdmin}
              onChange={(event) => setDescription(event.target.value)}
            />
          </label>
          <div className="row">
            <label htmlFor="category-criticality">{text.criticality}</label>
            <select
              id="category-criticality"
              className="input"
              value={criticality}
              disabled={!isAdmin}
              onChange={(event) => setCriticality(event.target.value as Criticality)}
            >
              {CRITICALITIES.map((item) => (
                <option key={item} value={item}>
                  {text.criticalities[item]}
                </option>
              ))}
            </select>
          </div>
          {!category && (
            <fieldset className="bare keeps">
              <legend className="lbl">{text.keepFor}</legend>
              {KEEP_PARTS.map((part) => (
                <span key={part}>
                  {messages.retention.parts[part]}{" "}
                  <DaysField
                    days={keep[part]}
                    label={messages.retention.partOf(messages.retention.parts[part], label || name)}
                    onChange={(days) => setKeep({ ...keep, [part]: days })}
                  />
                </span>
              ))}
            </fieldset>
          )}
          <RuleRows rows={rows} disabled={!isAdmin} onRows={setRows} />
        </div>
      </form>
      <div className="in">
        <h3 className="lbl">{messages.retention.try}</h3>
        <Tester
          {...(category || /^[a-z]/.test(name)
            ? { rules: { [category?.name ?? name.trim()]: rules } }
            : {})}
        />
      </div>
      {isAdmin && (
        <div className="in">
          <label className="lbl">
            {text.reason}
            <input
              className="input"
              form="category-form"
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          <p className="muted">{text.notRemoved}</p>
          {save.isError && (
            <p className="wrong" role="alert">
              <Icon name="fail" />
              {save.error.message}
            </p>
          )}
        </div>
      )}
      <div className="actions">
        <button type="button" className="btn" onClick={onClose}>
          {isAdmin ? text.cancel : messages.help.close}
        </button>
        {isAdmin && (
          <button
            type="submit"
            form="category-form"
            className="btn main"
            disabled={save.isPending || (!category && name.trim() === "")}
          >
            {category ? text.save : text.create}
          </button>
        )}
      </div>
    </Dialog>
  );
}
