// Sorts the tables.
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

themes();
addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details")) details.open = true; });
document.documentElement.dataset.ready = String(Math.round(performance.now()));
