import { expect, test } from "vitest";
import type { Approval, ApprovalKind } from "../src/api/approvals.ts";
import { titleOf } from "../src/approvals/titles.ts";
import { approvals as german } from "../src/text/de/approvals.ts";

const asked = (kind: ApprovalKind, title: string, more: Partial<Approval> = {}): Approval =>
  ({ kind, title, target: { type: "x", id: "x" }, numbers: {}, ...more }) as Approval;

test("a title says what the service says, from kind and values", () => {
  const cut = {
    changes: [
      { category: "data", label: "Data" },
      { category: "data", label: "Data" },
    ],
  };
  const titles = [
    titleOf(asked("retention_cut", "Keep less: Data", { numbers: cut })),
    titleOf(asked("erasure", "Erase parts of 1,284 events: a: b", { numbers: { found: 1284 } })),
    titleOf(asked("hold_release", "Release the hold <b>x</b>: y")),
    titleOf(asked("clock", "The clock is right")),
    titleOf(asked("tenant_deletion", "Delete the tenant x")),
  ];
  expect(titles).toEqual([
    "Keep less: Data",
    "Erase parts of 1,284 events: a: b",
    "Release the hold <b>x</b>: y",
    "The clock is right",
    "Delete the tenant x",
  ]);
});

test("a title of another form is shown as it came", () => {
  expect(titleOf(asked("erasure", "Erase it"))).toBe("Erase it");
  expect(titleOf(asked("hold_release", "Let go of x"))).toBe("Let go of x");
});

test("German has every title", () => {
  expect(german.titles.erasure(1, "DSR-7")).toBe("Teile von 1 Ereignis löschen: DSR-7");
  expect(german.titles.hold_release("Prüfung")).toBe("Sperre Prüfung aufheben");
});
