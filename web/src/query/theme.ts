import { EditorView } from "@codemirror/view";

/** Looks of the editor, from the tokens of the page: those reach into its shadow root. */
export const theme = EditorView.theme({
  "&": { background: "none", color: "var(--text)", fontSize: "var(--fs-s)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    alignItems: "center",
    overflow: "auto hidden",
    scrollbarWidth: "none",
    fontFamily: "inherit",
    lineHeight: "22px",
  },
  ".cm-content": { padding: "0", caretColor: "var(--text)", minWidth: "0" },
  ".cm-line": { padding: "0 1px", lineHeight: "22px" },
  ".cm-placeholder": { color: "var(--text-3)" },
  ".ctl": { color: "var(--denied)" },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "var(--r3)",
    background: "var(--raised)",
    boxShadow: "var(--shadow-2)",
    color: "var(--text)",
    zIndex: "15",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    minWidth: "min(260px, calc(100vw - 32px))",
    maxWidth: "min(560px, calc(100vw - 24px))",
    maxHeight: "min(320px, 50vh)",
    padding: "4px",
    fontFamily: "var(--font)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > completion-section": {
    display: "block",
    padding: "6px 8px 2px",
    border: "0",
    color: "var(--text-3)",
    fontSize: "var(--fs-xs)",
    opacity: "1",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    display: "flex",
    alignItems: "center",
    gap: "16px",
    minHeight: "26px",
    padding: "0 8px",
    borderRadius: "var(--r1)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--hover)",
    color: "var(--text)",
    outline: "2px solid var(--accent)",
    outlineOffset: "-2px",
  },
  ".cm-completionLabel": { font: "var(--fs-s)/20px var(--mono)" },
  ".cm-completionDetail": {
    marginInlineStart: "auto",
    color: "var(--text-3)",
    fontStyle: "normal",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
});
