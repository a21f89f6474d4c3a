import { locale } from "./language.ts";

const whole = new Intl.NumberFormat(locale);

/** 1,284 */
export const countText = (value: number): string => whole.format(value);

const tenth = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const few = new Intl.NumberFormat(locale, {
  style: "unit",
  unit: "byte",
  unitDisplay: "long",
});
/** 0.3, 12 */
export const decimalText = (value: number): string =>
  value >= 10 ? whole.format(Math.round(value)) : tenth.format(value);

const UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** 512 bytes, 3.4 MiB */
export function bytesText(value: number): string {
  if (value < 1024) return few.format(value);
  let size = value / 1024;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size >= 100 ? whole.format(Math.round(size)) : tenth.format(size)} ${UNITS[unit]}`;
}

/** "1 event", "1,284 events" */
export const amountText = (value: number, one: string, many = `${one}s`): string =>
  `${countText(value)} ${value === 1 ? one : many}`;
