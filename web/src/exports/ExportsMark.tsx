import { address } from "../api/client.ts";
import { exportFilePath } from "../api/exports.ts";
import { Link } from "../app/Link.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import type { OwnExports } from "./useExports.ts";
import "./notice.css";

/** Beside the menu's word: how far running exports are, or how many have ended unseen. */
export function ExportsMark({ own }: { own: OwnExports }) {
  const text = messages.exports;
  if (own.running !== null) {
    return <span className="menu-mark">{text.percent(own.running)}</span>;
  }
  if (own.unseen === 0) return null;
  return (
    <span className="menu-mark new">
      <span aria-hidden="true">{countText(own.unseen)}</span>
      <span className="vh">{text.unseen(own.unseen)}</span>
    </span>
  );
}

/** A line below the page when an export has ended: it covers nothing. */
export function ExportsNotice({ own }: { own: OwnExports }) {
  const text = messages.exports;
  const { ended } = own;
  const isDone = ended?.state === "done";
  return (
    <div className="exports-notice" role="status">
      {ended && (
        <p>
          <span className={isDone ? "st ok" : "st fail"}>
            <Icon name={isDone ? "ok" : "fail"} />
            {isDone ? text.noticeDone : text.noticeFailed}
          </span>
          <OneLine text={ended.file_name} tail={16} />
          <span className="grow" />
          {isDone ? (
            <a className="btn" href={address(exportFilePath(ended.id))} download={ended.file_name}>
              <Icon name="export" />
              {text.download}
            </a>
          ) : null}
          <Link className="btn quiet" to="exports">
            {messages.exporting.toExports}
          </Link>
          <button
            type="button"
            className="btn icon quiet"
            aria-label={messages.help.close}
            title={messages.help.close}
            onClick={own.putAway}
          >
            <Icon name="x" />
          </button>
        </p>
      )}
    </div>
  );
}
