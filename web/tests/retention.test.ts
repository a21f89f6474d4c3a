import { describe, expect, test } from "vitest";
import type { Category, Preview, Retention } from "../src/api/retention.ts";
import type { AuditEvent } from "../src/api/types.ts";
import { leafJson } from "../src/governance/leaf.ts";
import { bandsOf, bandText } from "../src/logs/bands.ts";
import { gone, goneText } from "../src/logs/cells.tsx";
import {
  editOf,
  isEmpty,
  leastDays,
  NOTHING,
  touched,
  withEnabled,
  withKeep,
  withPreset,
} from "../src/settings/draft.ts";
import { eventsLink, headlineOf } from "../src/settings/headline.ts";
import { changeText, labelOf } from "../src/settings/names.ts";
import { daysText, dayText, readDays } from "../src/settings/periods.ts";

function category(name: string, part: Partial<Category> = {}): Category {
  return {
    id: 16,
    name,
    label: name,
    description: "",
    built_in: true,
    streams: ["user"],
    criticality: "normal",
    recording: "on",
    keep: { fact: 730, person: 365, content: null },
    pending: null,
    floors: [],
    holds: [],
    rules: [],
    off_since: null,
    skipped: 0,
    ...part,
  };
}

function retention(...categories: Category[]): Retention {
  return { version: 14, categories } as unknown as Retention;
}

describe("the draft", () => {
  const auth = category("authentication");
  test("only what differs is sent, against the version that was seen", () => {
    let draft = withKeep(NOTHING, "authentication", "person", 90);
    draft = withKeep(draft, "authentication", "fact", 730);
    draft = withEnabled(draft, "sharing", false);
    expect(editOf(draft, retention(auth, category("sharing")))).toEqual({
      base_version: 14,
      categories: [
        { name: "authentication", keep: { person: 90 } },
        { name: "sharing", enabled: false },
      ],
    });
  });
  test("a wish that somebody else fulfilled falls away, the others stay", () => {
    let draft = withKeep(NOTHING, "authentication", "person", 90);
    draft = withKeep(draft, "authentication", "content", 30);
    const saved = category("authentication", { keep: { fact: 730, person: 90, content: null } });
    const edit = editOf(draft, retention(saved));
    expect(edit.categories).toEqual([{ name: "authentication", keep: { content: 30 } }]);
    expect(touched(edit)).toBe(1);
  });
  test("what is saved and not in effect yet is where an edit begins", () => {
    const coming = category("authentication", {
      pending: { effective_day: "2026-12-02", recording: "off", keep: { person: 90 } },
    });
    const draft = withKeep(NOTHING, "authentication", "person", 90);
    expect(isEmpty(editOf(draft, retention(coming)))).toBe(true);
    const back = withEnabled(
      withKeep(draft, "authentication", "person", 365),
      "authentication",
      true,
    );
    expect(editOf(back, retention(coming)).categories).toEqual([
      { name: "authentication", enabled: true, keep: { person: 365 } },
    ]);
  });
  test("a preset fills in what is here, and floors that hold already are not asked for", () => {
    const floors = [
      { category: "authentication", parts: ["fact" as const], min_days: 365, until_day: null },
      { category: "elsewhere", parts: ["fact" as const], min_days: 365, until_day: null },
    ];
    const preset = {
      name: "pci-dss",
      title: "",
      description: "",
      categories: [
        { name: "authentication", keep: { fact: 365 } },
        { name: "elsewhere", keep: { fact: 365 } },
      ],
      floors,
    };
    const draft = withPreset(NOTHING, preset, [auth]);
    expect(editOf(draft, retention(auth))).toEqual({
      base_version: 14,
      categories: [{ name: "authentication", keep: { fact: 365 } }],
      floors: [floors[0]],
    });
    const floored = category("authentication", {
      floors: [{ parts: ["fact", "person"], min_days: 400, until_day: null }],
    });
    expect(editOf(draft, retention(floored)).floors).toBeUndefined();
    expect(leastDays(floored, "fact")).toBe(400);
    expect(leastDays(floored, "content")).toBe(1);
  });
});

test("periods in words and as typed", () => {
  expect([90, 365, 730, 400, null, undefined].map(daysText)).toEqual([
    "90 days",
    "1 year",
    "2 years",
    "400 days",
    "for ever",
    "—",
  ]);
  expect(["7", " 45 ", "0", "1.5", "x", "99999"].map(readDays)).toEqual([
    7,
    45,
    null,
    null,
    null,
    null,
  ]);
  expect(dayText("2026-11-29", "dmy")).toBe("29/11/2026");
});

test("changes in words", () => {
  const change = { category: "a", label: "A", effective_day: "2026-11-29" };
  expect(
    changeText({ ...change, path: "person_days", before: 365, after: 90, effect: "shorter" }),
  ).toBe("Person 1 year → 90 days");
  expect(
    changeText({ ...change, path: "enabled", before: true, after: false, effect: "off" }),
  ).toBe("recording On → Off");
  const floor = { parts: ["fact"], min_days: 365, until_day: null };
  expect(
    changeText({ ...change, path: "floor", before: null, after: floor, effect: "floor-raised" }),
  ).toBe("floor Fact 1 year");
  expect(labelOf({ name: "access", label: "Access and roles" })).toBe("Access and roles");
  expect(labelOf({ name: "access", label: "Renamed" })).toBe("Renamed");
});

describe("the headline of a preview", () => {
  const one = {
    category: "authentication",
    label: "",
    parts: ["person"],
    effect: "shorter",
    recorded: { events: 48210, oldest: null, newest: null },
    go: { first_day: "2026-11-29", last_day: null },
    new_events: { from_day: "2026-12-02", first_gone_day: "2027-03-02", per_day: 1610.5 },
  };
  const preview = (...effects: string[]): Preview =>
    ({
      effective_day: "2026-12-02",
      changes: [],
      categories: effects.map((effect) => ({ ...one, effect })),
      totals: { oldest: "2025-11-29T00:00:12Z", newest: "2026-08-31T23:59:58Z" },
    }) as unknown as Preview;
  test("the hardest effect is told first", () => {
    expect(headlineOf(preview("longer", "shorter"), "dmy").title).toBe(
      "About 1,611 events a day would expire from 02/03/2027 on",
    );
    expect(headlineOf(preview("shorter", "off"), "dmy").title).toBe(
      "About 1,611 events a day would not be recorded from 02/12/2026 on",
    );
    expect(headlineOf(preview("longer"), "dmy").title).toBe("48,210 events would be kept longer");
    expect(headlineOf(preview(), "dmy").title).toBe("This changes nothing");
  });
  test("the list it leads to holds the last event too", () => {
    const link = new URLSearchParams(eventsLink(preview("shorter")));
    expect(link.get("q")).toBe("category:authentication");
    expect(link.get("to")).toBe("2026-08-31T23:59:59.000Z");
  });
});

test("parts that are gone say why", () => {
  const event = {
    state: { person: "expired", content: "erased", fact: "present" },
    explained_by: { person: 9100, content: 812 },
    kept: {
      explained: {
        person: { how: "expired", index: 9100, policy: 7 },
        content: { how: "erased", index: 812, reason: "data-subject" },
      },
    },
  } as unknown as AuditEvent;
  const said = (part: "fact" | "person" | "content", of = event) => {
    const found = gone(of, part);
    return found && goneText(found);
  };
  expect(said("fact")).toBeNull();
  expect(said("person")).toBe("Expired (policy 7, entry 9,100)");
  expect(said("content")).toBe("Erased (data subject, entry 812)");
  expect(said("person", { ...event, kept: null })).toBe("Expired (entry 9,100)");
});

test("a category that was off is a strip of its own, beside times when nothing ran", () => {
  const at = (hour: number) => new Date(Date.UTC(2026, 10, 25, hour)).toISOString();
  const gaps = [
    { kind: "off" as const, from: at(0), to: at(20), category: "sharing", skipped: 3 },
    { kind: "down" as const, from: at(4), to: at(5) },
  ];
  const bands = bandsOf(gaps, { from: Date.parse(at(0)), to: Date.parse(at(23)) });
  expect(bands.map((band) => band.isOff)).toEqual([false, true]);
  expect(bands[1] && bandText(bands[1])).toBe("Sharing off");
});

test("the JSON of a policy entry is read from its leaf, an event's leaf has none", () => {
  const hex = (text: string) =>
    [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(leafJson(`${hex("IND1")}0400000000000000${hex('{"version":1}')}`)).toBe(
    '{\n  "version": 1\n}',
  );
  expect(leafJson(`${hex("IND1")}0300000000000000${hex("12345678")}`)).toBeNull();
});
