// What one looks at, in the address: the filter and order of the table, and the cell that is open. It survives a reload,
// and can be sent.
"use strict";

/** Begins the part of the address that is ours; other parts name sections. */
const VIEW = "#?";

/** What the address says, as far as this run has it. */
function readView() {
  if (!location.hash.startsWith(VIEW)) return null;
  const view = new URLSearchParams(location.hash.slice(VIEW.length));
  const known = (key) => key && (run.byName.has(key) || ["label", "workload"].includes(key) || CAUSES.some((cause) => cause.key === key));
  const group = run.groups.find(({ name }) => name === view.get("workload"));
  Object.assign(table, {
    words: (view.get("filter") ?? "").toLowerCase(),
    workload: group ? group.index : "",
    sort: known(view.get("sort")) ? view.get("sort") : null,
    descending: view.get("order") === "descending",
  });
  return run.cells.find((cell) => cell.files === view.get("cell")) ?? null;
}

/** Writes it down, without a step of the history. */
function writeView(cell = view.cell) {
  view.cell = cell;
  const parts = new URLSearchParams();
  if (table.words) parts.set("filter", table.words);
  if (table.workload !== "") parts.set("workload", run.groups[table.workload].name);
  if (table.sort) parts.set("sort", table.sort);
  if (table.sort && table.descending) parts.set("order", "descending");
  if (cell) parts.set("cell", cell.files);
  const words = parts.toString();
  if (!words && !location.hash.startsWith(VIEW)) return;
  try {
    history.replaceState(null, "", words ? VIEW + words : location.pathname + location.search);
  } catch {
    // A page in a frame that may not change its address is read all the same.
  }
}

const view = { cell: null };
