const whole = new Intl.NumberFormat("en-GB");

/** 1,284 */
export const countText = (value: number): string => whole.format(value);

/** "1 event", "1,284 events" */
export const amountText = (value: number, one: string, many = `${one}s`): string =>
  `${countText(value)} ${value === 1 ? one : many}`;
