import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { AuditEvent } from "../api/types.ts";
import { go } from "../app/route.ts";
import type { Change } from "../logs/view.ts";
import { termOf } from "../query/build.ts";
import { addTerm, dropTerms } from "../query/edits.ts";
import { stepsLink, stepsName, around as timesAround } from "../steps/link.ts";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import { cutMiddle } from "../text/visible.ts";
import { isoText } from "../time/format.ts";
import { type CellValue, cellValue, tiesOf } from "./values.ts";

const AROUND_MS = 5 * 60_000;
const STEPS_MINUTES = 30;
const LONGEST = 40;
const text = messages.actions;
const ROW_COLUMNS = ["email", "ip", "method", "endpoint", "status", "operation"];

interface CellMenuProps {
  event: AuditEvent;
  /** Column of the value; "" asks for the menu of the whole row. */
  column: string;
  left: number;
  top: number;
  q: string;
  change: Change;
  onClose: (back: boolean) => void;
}

interface Item {
  name: string;
  act: () => void;
  /** Begins a new part of the menu. */
  isFirst?: boolean;
}

/** Filter, leave out, copy, and the ways from one event to those tied to it. */
export function CellMenu({ event, column, left, top, q, change, onClose }: CellMenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left, top });
  const closing = useRef(onClose);
  closing.current = onClose;
  useLayoutEffect(() => {
    const box = menu.current?.getBoundingClientRect();
    if (!box) return;
    setPlace({
      left: Math.max(8, Math.min(left, innerWidth - box.width - 8)),
      top: Math.max(8, Math.min(top, innerHeight - box.height - 8)),
    });
    menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true });
  }, [left, top]);
  useEffect(() => {
    const outside = (pressed: Event) => {
      if (!menu.current?.contains(pressed.target as Node)) closing.current(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);

  const search = (next: string) => change({ q: next, event: null });
  const items = itemsFor(event, column, q, search, change);
  const onKeyDown = (pressed: KeyboardEvent) => {
    const all = [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const targets: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1,
    };
    const target = targets[pressed.key];
    pressed.stopPropagation();
    if (target !== undefined) all[(target + all.length) % all.length]?.focus();
    else if (pressed.key === "Escape" || pressed.key === "Tab") onClose(true);
    else return;
    pressed.preventDefault();
  };
  return (
    <div
      ref={menu}
      className="pop cell-menu"
      role="menu"
      tabIndex={-1}
      aria-label={text.label}
      style={place}
      onKeyDown={onKeyDown}
      onContextMenu={(pressed) => pressed.preventDefault()}
    >
      {items.map((item) => (
        <button
          key={item.name}
          type="button"
          role="menuitem"
          tabIndex={-1}
          className={item.isFirst ? "part" : ""}
          onClick={() => {
            onClose(true);
            item.act();
          }}
        >
          <span className="cut">
            <Shown text={item.name} />
          </span>
        </button>
      ))}
    </div>
  );
}

function itemsFor(
  event: AuditEvent,
  column: string,
  q: string,
  search: (q: string) => void,
  change: Change,
): Item[] {
  const columns = column ? [column] : ROW_COLUMNS;
  const values = columns
    .map((name) => cellValue(event, name))
    .filter((value): value is CellValue => value !== null);
  const short = (value: CellValue) =>
    cutMiddle(column ? value.value : `${value.field}:${value.value}`, LONGEST);
  const others = (value: CellValue, isNegated: boolean) =>
    dropTerms(
      q,
      (term) =>
        term.field === value.field && term.value === value.value && term.isNegated !== isNegated,
    );
  const filters = values.map((value) => ({
    name: text.filter(short(value)),
    act: () => search(addTerm(others(value, false), termOf(value.field, value.value))),
  }));
  const excludes = values.map((value, at) => ({
    name: text.exclude(short(value)),
    act: () => search(addTerm(others(value, true), `-${termOf(value.field, value.value)}`)),
    isFirst: column === "" && at === 0,
  }));
  const only = values[0];
  const copies: Item[] =
    column && only
      ? [{ name: text.copy, act: () => void navigator.clipboard?.writeText(only.value) }]
      : [];
  const ties = tiesOf(event);
  const names = {
    actor: text.onlyActor,
    ip: text.onlyIp,
    request: text.onlyRequest,
    session: text.onlySession,
    job: text.onlyJob,
  };
  const pivots = (Object.keys(names) as (keyof typeof names)[]).flatMap((name): Item[] => {
    const term = ties[name];
    return term ? [{ name: names[name], act: () => search(term) }] : [];
  });
  const at = Date.parse(event.occurred_at);
  const around: Item = {
    name: text.around,
    act: () =>
      change({
        q: "",
        event: event.id,
        period: null,
        date: null,
        from: isoText(at - AROUND_MS),
        to: isoText(at + AROUND_MS),
      }),
  };
  const actor = stepsName(event.actor);
  const steps: Item[] = actor
    ? [
        {
          name: text.steps,
          act: () => go(stepsLink({ actor, ...timesAround(event.occurred_at, STEPS_MINUTES) })),
        },
      ]
    : [];
  const [firstPivot = around, ...rest] = [...pivots, around, ...steps];
  return [...filters, ...excludes, ...copies, { ...firstPivot, isFirst: true }, ...rest];
}
