import type { Rule } from "../api/retention.ts";
import type { Stream } from "../api/types.ts";
import { Icon } from "../icons/Icon.tsx";
import { STREAMS } from "../logs/view.ts";
import { messages } from "../text/messages.ts";

const text = messages.retention;
const EMPTY: Rule = { stream: null, method: null, operation: null, endpoint: null };
const FIELDS = ["operation", "method", "endpoint"] as const;

/** A rule being written, with a key of its own so that rows keep their place. */
export interface RuleRow {
  key: number;
  rule: Rule;
}

export const isRule = ({ rule }: RuleRow): boolean =>
  Object.values(rule).some((value) => value !== null && value !== "");

interface RuleRowsProps {
  rows: readonly RuleRow[];
  disabled: boolean;
  onRows: (rows: RuleRow[]) => void;
}

/** The rules that lead to a category: stream, operation, method and endpoint, each may be left out. */
export function RuleRows({ rows, disabled, onRows }: RuleRowsProps) {
  const set = (key: number, part: Partial<Rule>) =>
    onRows(rows.map((row) => (row.key === key ? { key, rule: { ...row.rule, ...part } } : row)));
  return (
    <fieldset className="bare rules">
      <legend className="lbl">
        {text.editor.rules}
        <small>{text.editor.rulesHint}</small>
      </legend>
      {rows.length === 0 && <p className="muted">{text.editor.noRules}</p>}
      {rows.map(({ key, rule }, position) => (
        <div key={key} className="rule">
          <select
            className="input"
            aria-label={text.editor.ruleOf(text.stream, position)}
            value={rule.stream ?? ""}
            disabled={disabled}
            onChange={(event) =>
              set(key, { stream: (event.target.value || null) as Stream | null })
            }
          >
            <option value="">{text.anyStream}</option>
            {STREAMS.map((item) => (
              <option key={item} value={item}>
                {messages.logs.streams[item]}
              </option>
            ))}
          </select>
          {FIELDS.map((field) => (
            <input
              key={field}
              className="input"
              aria-label={text.editor.ruleOf(text[field], position)}
              placeholder={text[field]}
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
              value={rule[field] ?? ""}
              disabled={disabled}
              onChange={(event) => set(key, { [field]: event.target.value || null })}
            />
          ))}
          {!disabled && (
            <button
              type="button"
              className="btn icon quiet"
              aria-label={text.editor.removeRule(position)}
              title={text.editor.removeRule(position)}
              onClick={() => onRows(rows.filter((row) => row.key !== key))}
            >
              <Icon name="x" />
            </button>
          )}
        </div>
      ))}
      {!disabled && (
        <button
          type="button"
          className="btn"
          onClick={() => {
            const key = Math.max(0, ...rows.map((row) => row.key)) + 1;
            onRows([...rows, { key, rule: EMPTY }]);
          }}
        >
          <Icon name="plus" />
          {text.editor.addRule}
        </button>
      )}
    </fieldset>
  );
}
