import { fromAbsolute, parseDate } from "@internationalized/date";
import { describe, expect, it } from "vitest";
import {
  agoText,
  clockText,
  momentText,
  periodText,
  spanText,
  utcText,
} from "../src/time/format.ts";
import { isZone, offsetOf } from "../src/time/zones.ts";

const at = (iso: string): number => Date.parse(iso);

describe("momentText", () => {
  it("is DD/MM/YYYY HH:MM:SS in the zone by default", () => {
    const moment = at("2026-11-20T13:44:51.999Z");
    expect(momentText(moment, "Europe/Berlin", "dmy")).toBe("20/11/2026 14:44:51");
    expect(momentText(moment, "UTC", "iso")).toBe("2026-11-20 13:44:51");
    expect(momentText(moment, "America/New_York", "mdy")).toBe("11/20/2026 08:44:51");
    expect(momentText(at("0999-01-02T03:04:05Z"), "UTC", "dmy")).toBe("02/01/0999 03:04:05");
  });

  it("agrees with the calendar about changes of the clock and odd zones", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
    const changes = [
      "2026-03-29T01:00Z",
      "2026-11-01T06:00Z",
      "2027-04-03T15:00Z",
      "1979-12-31T23:59Z",
    ];
    for (const zone of [...zones, "Pacific/Apia", "Africa/Monrovia", "UTC"]) {
      for (const change of [...changes, "2011-12-30T10:00Z", "1972-01-07T00:44Z"]) {
        for (let step = -90; step <= 90; step++) {
          const moment = at(change) + step * 61_000;
          const { year, month, day, hour, minute, second } = fromAbsolute(moment, zone);
          const two = (value: number) => `${value}`.padStart(2, "0");
          const told = `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
          expect(momentText(moment, zone, "iso")).toBe(told);
        }
      }
    }
  });
});

describe("periodText", () => {
  const date = parseDate("2026-11-20");
  it("names the day, the week, the month", () => {
    expect(periodText("day", date, "dmy", "monday")).toBe("Friday 20/11/2026");
    expect(periodText("day", date, "dmy", "monday", true)).toBe("Fri 20/11/2026");
    expect(periodText("week", date, "dmy", "monday")).toBe("16/11/2026 – 22/11/2026");
    expect(periodText("month", date, "dmy", "monday")).toBe("November 2026");
  });
});

describe("spanText", () => {
  it("is hours within a day, dates over whole days, both otherwise", () => {
    const text = (from: string, to: string) => spanText(at(from), at(to), "UTC", "dmy");
    expect(text("2026-11-20T13:15:00Z", "2026-11-20T14:45:00Z")).toBe("13:15 to 14:45");
    expect(text("2026-11-20T22:00:00Z", "2026-11-21T00:00:00Z")).toBe("22:00 to 24:00");
    expect(text("2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z")).toBe("20/11/2026 to 21/11/2026");
    expect(text("2026-11-20T12:00:00Z", "2026-11-21T06:00:00Z")).toBe(
      "20/11/2026 12:00 to 21/11/2026 06:00",
    );
  });
});

describe("small texts", () => {
  it("reads 24:00 only at an end", () => {
    expect(clockText(at("2026-11-20T00:00:00Z"), "UTC")).toBe("00:00");
    expect(clockText(at("2026-11-20T00:00:00Z"), "UTC", true)).toBe("24:00");
  });

  it("keeps the digits of UTC that say something", () => {
    expect(utcText("2026-11-20T13:44:51.123000Z")).toBe("13:44:51.123 UTC");
    expect(utcText("2026-11-20T13:44:50Z")).toBe("13:44:50 UTC");
    expect(utcText("2026-11-20T13:44:51.000000Z")).toBe("13:44:51 UTC");
  });

  it("says how long ago", () => {
    const now = at("2026-11-20T12:00:00Z");
    expect(agoText(now - 14_000, now)).toBe("14 s ago");
    expect(agoText(now - 3 * 60_000, now)).toBe("3 min ago");
    expect(agoText(now - 26 * 3_600_000, now)).toBe("1 day ago");
    expect(agoText(now + 7_200_000, now)).toBe("in 2 h");
  });

  it("names the distance to UTC", () => {
    expect(offsetOf("Europe/Berlin", at("2026-11-20T12:00:00Z"))).toBe("UTC+1");
    expect(offsetOf("Asia/Kolkata", at("2026-11-20T12:00:00Z"))).toBe("UTC+5:30");
    expect(offsetOf("UTC", at("2026-11-20T12:00:00Z"))).toBe("UTC");
  });

  it("knows a zone from a word", () => {
    expect(isZone("Pacific/Auckland")).toBe(true);
    expect(isZone("Mars/Olympus")).toBe(false);
    expect(isZone("")).toBe(false);
  });
});
