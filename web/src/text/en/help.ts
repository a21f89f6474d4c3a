export const help = {
  title: "Keyboard and help",
  single: "Single-key shortcuts",
  singleHint:
    "Switch off if keys are pressed by speech input or by accident. Stored in this browser.",
  close: "Close",
  items: [
    ["/", "Search"],
    ["j k or ↓ ↑", "Next and previous event"],
    ["Enter", "Open the event"],
    ["Shift+F10", "Actions on the event"],
    ["Esc", "Close, or zoom out"],
    ["[ ]", "Previous and next period"],
    ["d w m", "Day, week, month"],
    ["t", "Today"],
    ["1 2 3", "User, System, Tasks"],
    ["e", "Export"],
    ["c", "Columns"],
    ["l", "Live reading on and off"],
    ["Space Shift+↓", "Choose a row, several"],
    ["Ctrl+K", "Go to a page, a view or a search"],
    ["?", "This help"],
  ] as [string, string][],
  query:
    'Words and "quoted phrases" match any column, also inside words. field:value looks in one column, -field:value leaves it out: actor, ip, method, endpoint, status, operation, outcome, category, kind, target and more.',
};
