import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useOpening } from "../controls/MenuButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { allZones, browserZone, isZone, offsetOf } from "../time/zones.ts";

interface ZoneSwitchProps {
  zone: string;
  tenantZone: string;
  onChoose: (zone: string) => void;
}

interface Choice {
  zone: string;
  note: string;
}

const MOST_SHOWN = 60;

/** UTC, the tenant's zone, the browser's, or any other found by typing. */
export function ZoneSwitch({ zone, tenantZone, onChoose }: ZoneSwitchProps) {
  const { open, setOpen, close, anchor, button } = useOpening();
  const offset = offsetOf(zone, Date.now());
  return (
    <div className="anchor" ref={anchor}>
      <button
        ref={button}
        type="button"
        className="btn"
        title={messages.top.zone}
        aria-label={`${messages.top.zone}: ${zone}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="globe" />
        <span className="zone-name">
          {zone} {offset !== zone && <span className="muted">{offset}</span>}
        </span>
        <Icon name="down" />
      </button>
      {open && (
        <ZoneList
          zone={zone}
          tenantZone={tenantZone}
          onChoose={(chosen) => {
            close();
            onChoose(chosen);
          }}
          onClose={close}
        />
      )}
    </div>
  );
}

function ZoneList({
  zone,
  tenantZone,
  onChoose,
  onClose,
}: ZoneSwitchProps & { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    input.current?.focus();
  }, []);

  const choices = useMemo((): Choice[] => {
    const text = typed.trim().toLowerCase().replaceAll(" ", "_");
    const first: Choice[] = [
      { zone: "UTC", note: "" },
      { zone: tenantZone, note: messages.top.zoneTenant },
      { zone: browserZone(), note: messages.top.zoneBrowser },
    ];
    const known = new Map<string, Choice>();
    for (const choice of first) {
      const before = known.get(choice.zone);
      const note = [before?.note, choice.note].filter(Boolean).join(", ");
      known.set(choice.zone, { zone: choice.zone, note });
    }
    for (const name of allZones()) if (!known.has(name)) known.set(name, { zone: name, note: "" });
    const exact = typed.trim();
    if (exact && isZone(exact) && !known.has(exact)) known.set(exact, { zone: exact, note: "" });
    return [...known.values()].filter(
      (choice) =>
        choice.zone.toLowerCase().includes(text) || choice.note.toLowerCase().includes(text),
    );
  }, [typed, tenantZone]);

  const shown = choices.slice(0, MOST_SHOWN);
  const current = Math.min(at, shown.length - 1);
  useEffect(() => {
    list.current?.querySelector(`[data-at="${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") onClose();
    else if (event.key === "ArrowDown") setAt(Math.min(current + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else if (event.key === "Enter") {
      const choice = shown[current];
      if (choice) onChoose(choice.zone);
    } else return;
    event.preventDefault();
  };

  return (
    <div className="pop" role="dialog" aria-label={messages.top.zone}>
      <input
        ref={input}
        className="input"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={shown.length > 0 ? `${id}-${current}` : undefined}
        aria-label={messages.top.zoneFind}
        placeholder={messages.top.zoneFind}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id={id} role="listbox" aria-label={messages.top.zone}>
        {shown.map((choice, index) => (
          <div
            key={choice.zone}
            id={`${id}-${index}`}
            data-at={index}
            role="option"
            tabIndex={-1}
            aria-selected={choice.zone === zone}
            className={index === current ? "on" : ""}
            onClick={() => onChoose(choice.zone)}
            onKeyDown={onKeyDown}
          >
            {choice.zone === zone ? <Icon name="check" /> : <span className="blank" />}
            {choice.zone}
            <span className="end">{choice.note || offsetOf(choice.zone, Date.now())}</span>
          </div>
        ))}
      </div>
      <p className="note" aria-live="polite">
        {choices.length === 0 ? messages.top.zoneNone : messages.top.zoneCount(choices.length)}
      </p>
    </div>
  );
}
