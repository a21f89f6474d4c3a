// Sets the chosen theme before the first paint; a separate file because inline script is forbidden.
(() => {
  try {
    const theme = localStorage.getItem("indelible.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be closed to us; the system's theme is shown then.
  }
})();
