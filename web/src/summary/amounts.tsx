import { Icon } from "../icons/Icon.tsx";
import { locale } from "../text/language.ts";
import { messages } from "../text/messages.ts";

const percent = new Intl.NumberFormat(locale, {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const signed = new Intl.NumberFormat(locale, {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: "always",
});

/** 4.5 % of events failed. */
export const shareText = (part: number, whole: number): string =>
  percent.format(whole === 0 ? 0 : part / whole);

/** How much more or less, with its sign. */
export const changeText = (now: number, before: number): string =>
  signed.format((now - before) / before).replace("-", "−");

/** The size of the change without its sign. */
export const sizeText = (now: number, before: number): string =>
  percent.format(Math.abs(now - before) / before);

/** The change of one line: New, Gone, or an arrow with the share. Large growth stands out. */
export function Delta({ now, before }: { now: number; before: number }) {
  if (before === 0)
    return now === 0 ? null : <span className="tag new">{messages.summary.isNew}</span>;
  if (now === 0) return <span className="tag">{messages.summary.isGone}</span>;
  const growth = (now - before) / before;
  const tone = growth >= 2 ? "fail" : growth >= 0.5 ? "denied" : "none";
  return (
    <span className={`delta st ${tone}`}>
      <Icon name={growth > 0 ? "up" : growth < 0 ? "dn" : "none"} />
      {changeText(now, before)}
    </span>
  );
}
