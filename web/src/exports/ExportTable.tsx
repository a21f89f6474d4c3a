import { address } from "../api/client.ts";
import { type Export, exportFilePath, isOpen } from "../api/exports.ts";
import type { Settings } from "../api/types.ts";
import { Link } from "../app/Link.tsx";
import { CopyButton } from "../controls/CopyButton.tsx";
import { Icon } from "../icons/Icon.tsx";
import { messages } from "../text/messages.ts";
import { bytesText, countText } from "../text/numbers.ts";
import { OneLine } from "../text/Shown.tsx";
import { visible } from "../text/visible.ts";
import { clockText, momentText } from "../time/format.ts";
import { viewAddress } from "./address.ts";
import type { Act } from "./ExportsPage.tsx";
import { formatText } from "./formats.ts";
import { StateOf } from "./StateOf.tsx";

const text = messages.exports;

interface ExportTableProps {
  /** Null while they are being read. */
  exports: Export[] | null;
  settings: Settings;
  onAct: (act: Act, of: Export) => void;
}

/** Running and past exports, newest first. */
export function ExportTable({ exports, settings, onAct }: ExportTableProps) {
  if (exports === null) {
    return (
      <div className="in">
        <span className="bone key-bone" />
        <span className="bone key-bone" />
      </div>
    );
  }
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{text.asked}</th>
          <th scope="col" className="x-what">
            {text.what}
          </th>
          <th scope="col">{text.format}</th>
          <th scope="col" className="num x-num">
            {text.events}
          </th>
          <th scope="col" className="num x-num">
            {text.size}
          </th>
          <th scope="col" className="x-state">
            {text.state}
          </th>
          <th scope="col" className="x-acts">
            <span className="vh">{text.acts}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {exports.map((one) => (
          <Row key={one.id} of={one} settings={settings} onAct={onAct} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ of, settings, onAct }: { of: Export } & Omit<ExportTableProps, "exports">) {
  const when = (at: string): string =>
    momentText(Date.parse(at), settings.zone, settings.date_format);
  const isWhole = of.state === "done";
  return (
    <tr className={of.state === "expired" || of.state === "removed" ? "off" : ""}>
      <td>
        <span className="cut">{when(of.requested_at)}</span>
        <OneLine text={of.requested_by} />
      </td>
      <td className="x-what">
        <Link to={viewAddress(of)} title={text.openView}>
          {whatText(of, settings)}
        </Link>
        {of.filter.q ? (
          <code className="cut">
            <OneLine text={of.filter.q} />
          </code>
        ) : (
          <span className="cut muted">{text.noSearch}</span>
        )}
      </td>
      <td data-label={text.format}>
        <span className="cut">{formatText(of)}</span>
        <span className="cut muted">{text.ways[of.way]}</span>
      </td>
      <td className="num x-num" data-label={text.events}>
        {isWhole ? countText(of.rows) : text.rowsOf(of.rows, of.total)}
      </td>
      <td className="num x-num" data-label={text.size}>
        {of.bytes > 0 ? bytesText(of.bytes) : messages.logs.nothing}
      </td>
      <td className="x-state">
        <StateOf of={of} when={when} />
      </td>
      <td className="x-acts">
        <Acts of={of} onAct={onAct} />
      </td>
    </tr>
  );
}

/** "User, 15/03/2024" or "All tabs, 14/03/2024 10:00 to 15/03/2024 12:00 (Europe/Berlin)" */
function whatText({ filter }: Export, settings: Settings): string {
  const stream = filter.stream as keyof typeof messages.logs.streams | "all" | undefined;
  const tab =
    stream && stream !== "all" && stream in messages.logs.streams
      ? messages.logs.streams[stream]
      : messages.exporting.allTabs;
  const zone = filter.tz ?? settings.zone;
  const from = Date.parse(filter.from ?? "");
  const to = Date.parse(filter.to ?? "");
  const times = timesText(from, to, (at) => momentText(at, zone, settings.date_format), zone);
  return visible(text.whatOf(tab, times, zone));
}

/** A whole day by its date; open ends in words; half-open ranges end with their last second. */
function timesText(from: number, to: number, moment: (at: number) => string, zone: string): string {
  if (Number.isNaN(from)) return Number.isNaN(to) ? text.always : text.until(moment(to));
  if (Number.isNaN(to)) return text.since(moment(from));
  const [first = ""] = moment(from).split(" ");
  const [last = ""] = moment(to - 1).split(" ");
  const isWhole = clockText(from, zone) === "00:00" && clockText(to, zone, true) === "24:00";
  if (isWhole) return first === last ? first : messages.times.span(first, last);
  const end = first === last ? clockText(to, zone, true) : moment(to);
  return messages.times.span(`${first} ${clockText(from, zone)}`, end);
}

function Acts({ of, onAct }: { of: Export; onAct: ExportTableProps["onAct"] }) {
  const name = visible(of.file_name);
  const button = (act: Act, label: string, tone = "") => (
    <button
      type="button"
      className={`btn quiet ${tone}`}
      aria-label={text.act(label, name)}
      onClick={() => onAct(act, of)}
    >
      {label}
    </button>
  );
  if (isOpen(of)) return button("stop", text.cancel, "danger");
  if (of.state !== "done") return of.is_yours ? button("again", text.again) : null;
  return (
    <>
      {of.way === "background" && (
        <a
          className="btn"
          href={address(exportFilePath(of.id))}
          download={of.file_name}
          aria-label={text.act(text.download, name)}
        >
          <Icon name="export" />
          {text.download}
        </a>
      )}
      {button("manifest", text.manifest)}
      {of.way === "background" && button("stop", text.remove, "danger")}
    </>
  );
}

/** The SHA-256 of a whole file, to compare with: the first digits, and the whole to copy. */
export function Hash({ value }: { value: string }) {
  return (
    <span className="x-hash">
      <code title={value}>SHA-256 {value.slice(0, 12)}…</code>
      <CopyButton text={value} label={text.copyHash} />
    </span>
  );
}
