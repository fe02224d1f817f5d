// Light and dark.
"use strict";

const THEMES = [["", "◐", "as the system has them"], ["light", "☀", "light"], ["dark", "☾", "dark"]];

/** The colours: the system's, light, dark. A browser may refuse to remember them for a file. */
function themes() {
  const button = document.getElementById("theme");
  let chosen = "";
  try { chosen = localStorage.getItem("mapscope-theme") ?? ""; } catch { /* not remembered */ }
  const apply = () => {
    const [name, sign, words] = THEMES.find(([name]) => name === chosen) ?? THEMES[0];
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    button.firstChild.textContent = sign;
    button.setAttribute("aria-label", `Colours: ${words}`);
    button.title = `Colours: ${words}`;
  };
  button.addEventListener("click", () => {
    chosen = THEMES[(THEMES.findIndex(([name]) => name === chosen) + 1) % THEMES.length][0];
    try { localStorage.setItem("mapscope-theme", chosen); } catch { /* not remembered */ }
    apply();
  });
  apply();
}
