import { type Export, isOpen } from "../api/exports.ts";
import { Icon, type IconName } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { Shown } from "../text/Shown.tsx";
import { lengthText } from "../time/length.ts";
import { Hash } from "./ExportTable.tsx";

const text = messages.exports;

const MARKS: Record<Export["state"], { icon: IconName; tone: string }> = {
  waiting: { icon: "wait", tone: "none" },
  running: { icon: "task", tone: "none" },
  done: { icon: "ok", tone: "ok" },
  failed: { icon: "fail", tone: "fail" },
  cancelled: { icon: "none", tone: "denied" },
  expired: { icon: "none", tone: "none" },
  removed: { icon: "none", tone: "none" },
};

/** How an export stands. Only a whole one has the tick and a hash. */
export function StateOf({ of, when }: { of: Export; when: (at: string) => string }) {
  const { icon, tone } = MARKS[of.state];
  const word = of.state === "done" && of.way === "direct" ? text.sent : text.states[of.state];
  return (
    <>
      <span className={`st ${tone}`}>
        <Icon name={icon} />
        {word}
        {of.state === "running" && of.total > 0 && ` ${text.percent(of.rows / of.total)}`}
        {of.state === "running" && of.eta_s !== null && of.eta_s >= 1 && (
          <span className="muted">{text.left(lengthText(of.eta_s * 1000))}</span>
        )}
      </span>
      {of.state === "running" && of.total > 0 && (
        <progress max={of.total} value={Math.min(of.rows, of.total)} aria-label={text.progress} />
      )}
      {isOpen(of) && of.attempts > (of.state === "running" ? 1 : 0) && (
        <span className="muted x-more">{text.resumed(of.attempts)}</span>
      )}
      {of.state === "done" && of.expires_at && (
        <span className="muted x-more">{text.keptUntil(when(of.expires_at))}</span>
      )}
      {of.sha256 && of.state === "done" && <Hash value={of.sha256} />}
      {of.reason && (
        <span className="x-more">
          <Shown text={of.reason} />
        </span>
      )}
    </>
  );
}
