import { locale } from "../text/language.ts";
import { trail } from "../text/trail.ts";

const tenth = new Intl.NumberFormat(locale, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** A length of time in two units at most: "480 ms", "2.1 s", "4 min 51 s", "3 d 4 h". */
export function lengthText(ms: number): string {
  const units = trail.runs.units;
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(size)} ${units.ms}`;
  if (size < 59_950) return `${tenth.format(size / 1000)} ${units.s}`;
  const seconds = Math.round(size / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), units.min, seconds % 60, units.s);
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), units.h, minutes % 60, units.min);
  const hours = Math.round(minutes / 60);
  if (hours >= 240) return `${Math.round(hours / 24)} ${units.d}`;
  return pair(Math.floor(hours / 24), units.d, hours % 24, units.h);
}

function pair(first: number, firstUnit: string, second: number, secondUnit: string): string {
  if (second === 0 && first > 9) return `${first} ${firstUnit}`;
  return `${first} ${firstUnit} ${`${second}`.padStart(2, "0")} ${secondUnit}`;
}

/** A gap between steps, in one unit: "4 min", "2 h"; empty below a second. */
export function gapText(seconds: number): string {
  const units = trail.steps.units;
  if (seconds < 1) return "";
  if (seconds < 60) return `${Math.floor(seconds)} ${units.s}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${units.min}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} ${units.h}`;
  return `${Math.floor(seconds / 86_400)} ${units.d}`;
}
