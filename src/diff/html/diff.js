// Sorts the tables, and chooses the colours.
"use strict";

for (const table of document.querySelectorAll(".changes")) {
  const body = table.tBodies[0];
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (!event.target.closest("button")) return;
    const descends = head.ariaSort === null ? head.classList.contains("number") : head.ariaSort === "ascending";
    for (const other of table.tHead.rows[0].cells) other.ariaSort = other === head ? (descends ? "descending" : "ascending") : null;
    const key = (row) => row.cells[head.cellIndex].dataset.key ?? row.cells[head.cellIndex].textContent;
    const numeric = head.classList.contains("number");
    const compare = numeric ? (a, b) => key(a) - key(b) : (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
    body.append(...[...body.rows].sort((a, b) => (descends ? -compare(a, b) : compare(a, b))));
  });
}

const THEMES = [["", "◐", "as the system has them"], ["light", "☀", "light"], ["dark", "☾", "dark"]];
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

addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details")) details.open = true; });
