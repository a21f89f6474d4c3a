import { useEffect, useRef, useState } from "react";
import { readStored } from "../controls/stored.ts";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { type Live, MOST_WAITING } from "./live.ts";
import "./live.css";
import { useShortcuts } from "./shortcuts.ts";

const TOLD_EVERY_MS = 10_000;

/** Switches live reading on and off; beside it pause, and how much comes. */
export function LiveControl({ live, narrow }: { live: Live; narrow: boolean }) {
  const text = messages.list.live;
  const { state, rate, isPossible } = live;
  const isOn = state !== "off";
  useShortcuts(
    {
      l: () => {
        if (isPossible || isOn) live.toggle();
      },
    },
    readStored("single-keys") !== "off",
  );
  const hint = isOn ? text.off : isPossible ? text.on : text.impossible;
  const word =
    state === "live" ? text.rate(rate) : state === "off" ? text.live : text.states[state];
  return (
    <div className={isOn ? "live joined on" : "live joined"}>
      <button
        type="button"
        className={narrow && !isOn ? "btn icon quiet" : "btn"}
        aria-pressed={isOn}
        aria-label={text.live}
        title={hint}
        disabled={!isPossible && !isOn}
        onClick={live.toggle}
      >
        <Icon name="live" />
        <span className={isOn ? "" : "label"}>{word}</span>
      </button>
      {isOn && (
        <button
          type="button"
          className="btn icon"
          aria-label={state === "paused" ? text.resume : text.pause}
          title={state === "paused" ? text.resume : text.pause}
          onClick={state === "paused" ? live.resume : live.pause}
        >
          <Icon name={state === "paused" ? "right" : "pause"} />
        </button>
      )}
      <Told live={live} />
    </div>
  );
}

/** Says now and then, for those who do not see it, how much has come. */
function Told({ live }: { live: Live }) {
  const [told, setTold] = useState("");
  const latest = useRef(live);
  latest.current = live;
  const isOn = live.state !== "off";
  useEffect(() => {
    if (!isOn) {
      setTold("");
      return;
    }
    const text = messages.list.live;
    const timer = setInterval(() => {
      const { waiting, rate, state } = latest.current;
      const came = Math.round((rate * TOLD_EVERY_MS) / 1000);
      if (state === "away") setTold(text.states.away);
      else if (waiting > 0) setTold(waitingText(waiting));
      else setTold(came > 0 ? text.came(came) : "");
    }, TOLD_EVERY_MS);
    return () => clearInterval(timer);
  }, [isOn]);
  return (
    <output className="vh" aria-live="polite">
      {told}
    </output>
  );
}

/** What the button says behind which new events wait. */
export const waitingText = (waiting: number): string =>
  waiting > MOST_WAITING ? messages.list.live.many(MOST_WAITING) : messages.logs.newEvents(waiting);
