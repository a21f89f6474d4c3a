export const palette = {
  title: "Go to",
  find: "Page, view, tab, or words to search for",
  search: (words: string) => `Search for ${words}`,
  event: (id: string) => `Open event ${id}`,
  nothing: "Nothing has this name.",
  today: "Today",
  week: "This week",
  month: "This month",
};
