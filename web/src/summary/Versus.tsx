import type { Summary } from "../api/summary.ts";
import { axisOf, stepText } from "../logs/bars.ts";
import type { Scope } from "../logs/scope.ts";
import type { Change } from "../logs/view.ts";
import { messages } from "../text/messages.ts";
import { countText } from "../text/numbers.ts";
import { clockText } from "../time/format.ts";
import { CompareWith } from "./CompareWith.tsx";
import { otherName, thisName } from "./names.ts";

const HEIGHT = 104;
const SLOT = 20;
const text = messages.summary;

interface VersusProps {
  summary: Summary;
  scope: Scope;
  change: Change;
  narrow: boolean;
}

/** Bars of this period, a dashed line of the other, on the same hours. */
export function Versus({ summary, scope, change, narrow }: VersusProps) {
  const { bars, periods } = summary;
  const { view, zone, settings } = scope;
  const highest = Math.max(1, ...bars.map((bar) => Math.max(bar.count, bar.other)));
  const y = (value: number): number =>
    Math.round((HEIGHT - (value / highest) * (HEIGHT - 8)) * 10) / 10;
  const solid = bars
    .map((bar, place) =>
      bar.count === 0
        ? ""
        : `M${place * SLOT + 3} ${Math.min(y(bar.count), HEIGHT - 2)}h14V${HEIGHT}h-14z`,
    )
    .join("");
  const dashed = bars
    .map((bar, place) => `${place === 0 ? "M" : "L"}${place * SLOT + SLOT / 2} ${y(bar.other)}`)
    .join("");
  const whole = {
    from: Date.parse(periods.whole_this.from),
    to: Date.parse(periods.whole_this.to),
  };
  const nowAt = Date.parse(periods.this.to);
  const left = (100 * (nowAt - whole.from)) / (whole.to - whole.from);
  const [mine, theirs] = [thisName(scope), otherName(scope, view.compare, periods.whole_other)];
  const period = scope.narrowed ? null : view.period;
  return (
    <section className="panel versus-panel" aria-label={text.chart(stepText(summary.interval_s))}>
      <header>
        <h2>{text.chart(stepText(summary.interval_s))}</h2>
        <span className="key now">{mine}</span>
        <span className="key line">{theirs}</span>
        <span className="grow" />
        <CompareWith scope={scope} change={change} periods={periods} />
      </header>
      <div className="in">
        <div className="plot versus">
          <svg
            viewBox={`0 0 ${Math.max(1, bars.length) * SLOT} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={text.chartLabel(
              countText(summary.now.events),
              countText(summary.previous.events),
              mine,
              theirs,
            )}
          >
            <path className="b-now" d={solid} />
            <path className="then" d={dashed} />
            <path className="base" d={`M0 ${HEIGHT}H${Math.max(1, bars.length) * SLOT}`} />
          </svg>
          {periods.so_far && (
            <div
              className={left > 88 ? "future flip" : "future"}
              style={{ width: `${100 - left}%` }}
            >
              <span>{messages.logs.now(clockText(nowAt, zone))}</span>
            </div>
          )}
        </div>
        <div className="axis" aria-hidden="true">
          {axisOf(period, whole, zone, settings.date_format, narrow).map((mark) => (
            <span
              key={mark.at}
              className={mark.at === 0 ? "first" : mark.at === 1 ? "last" : undefined}
              style={{ left: `${mark.at * 100}%` }}
            >
              {mark.text}
            </span>
          ))}
        </div>
      </div>
    </section>
  );
}
