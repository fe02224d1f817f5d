// The table of cells: sorted, filtered, with the metrics that one chooses.
"use strict";

/** Rows at first, and after each change of order: the whole of a large run takes seconds to lay out. */
const ROWS_FIRST = 50;
const ROWS_MORE = 250;
/** Of the rows that were asked for as many go on paper; each sheet takes about forty. */
const ROWS_ON_PAPER = 100;
const table = {
  columns: [
    "alloc_bytes_per_write", "moves_per_insert", "write_amplification", "peak_amplification", "time_ns_per_op",
    "latency_p50_ns", "latency_p99_ns", "latency_p999_ns", "latency_max_ns", "writes_max_ns",
  ],
  words: "", workload: "", sort: null, descending: false, cells: [], rowOf: null,
};

/** Columns of words: what the slowest write did, and what the tail went into. */
const CAUSES = [
  { key: "worst", label: "slowest while", summary: "What the slowest write did besides its own work (the slowest lookup, where the latencies are of lookups).", of: (cell) => (cell.failed ? undefined : cell.worst_cause) },
  { key: "kind", label: "most time", summary: "The kind of operation that most of the time went into, where there are several, and its share.", of: dearestKind },
  { key: "tail", label: "tail cause", summary: "The cause that most of the time above p99.9 went into, and its share of that time.", of: tailCause },
];

/** The largest of some shares, in words. */
function largest(shares) {
  const [name, share] = shares.reduce((a, b) => (b[1] > a[1] ? b : a), ["", 0]);
  return share > 0 ? `${name} ${Math.round(share * 100)} %` : undefined;
}

function tailCause(cell) {
  return largest(run.causes.map((cause) => [cause, valueOf(cell, tailShare(cause)) ?? 0]));
}

function dearestKind(cell) {
  const shares = timeShares(cell);
  return shares.length > 1 ? largest(shares) : undefined;
}

function showTable() {
  table.columns = table.columns.filter((name) => run.byName.has(name) && hasValues(run.byName.get(name)));
  const view = byId("table-view");
  const filter = el("input", { type: "search", placeholder: "map, keys, mix, status …", "aria-label": "Filter cells", id: "cell-filter",
    value: table.words, input: () => { table.words = filter.value.toLowerCase(); fillTable(); } });
  const workloads = [["", "all"], ...run.groups.map((group) => [group.index, group.name])];
  view.append(
    el("div", { class: "controls" },
      el("label", { class: "field" }, el("span", {}, "Filter"), filter),
      run.groups.length > 1 && select("Workload", workloads, table.workload, (value) => { table.workload = value; fillTable(); }),
      columnChooser(),
      csvButton("every cell and the columns chosen", saveTable)),
    el("p", { id: "cell-count", class: "fine", role: "status" }),
    el("div", { class: "scroll wide", tabindex: "0", role: "region", "aria-label": "Cells" }, el("table", { id: "cell-table" })),
    el("p", { class: "actions", id: "cell-more" }),
    el("p", { class: "fine on-paper", id: "cell-rest" }),
    el("p", { class: "fine" }, "– not available for this map, its pass was not run, or too few operations to tell: point at the dash, or read it with a screen reader, for which."));
  fillTable();
}

function columnChooser() {
  const box = (metric) => {
    const input = el("input", { type: "checkbox", checked: table.columns.includes(metric.name), change: () => {
      const chosen = new Set(table.columns);
      if (input.checked) chosen.add(metric.name); else chosen.delete(metric.name);
      // In the order of the registry, whatever the order of choosing; the defaults keep theirs.
      table.columns = [...table.columns.filter((name) => chosen.has(name)), ...[...chosen].filter((name) => !table.columns.includes(name))];
      fillTable();
    } });
    return el("label", { title: metric.summary, "data-name": `${metric.name} ${metric.label}` }, input, " ", metric.label, el("span", { class: "unit" }, ` ${unitOf(metric)}`));
  };
  const there = run.metrics.filter(hasValues);
  const absent = run.metrics.length - there.length;
  const list = (exact) => el("div", { class: "boxes" }, ...there.filter((metric) => metric.exact === exact).map(box));
  const search = el("input", { type: "search", placeholder: "find a metric", "aria-label": "Find a metric", input: () => {
    for (const label of chooser.querySelectorAll("label[data-name]")) label.hidden = !label.dataset.name.includes(search.value.toLowerCase());
  } });
  const chooser = el("details", { class: "chooser", keydown: (event) => {
    if (event.key === "Escape") { chooser.open = false; chooser.firstChild.focus(); }
  }, focusout: ({ relatedTarget }) => {
    // It lies above the table: who goes on wants to see that.
    if (relatedTarget && !chooser.contains(relatedTarget)) chooser.open = false;
  } }, el("summary", {}, "Columns"), el("div", { class: "sheet" }, search,
    el("h3", {}, "Exact"), list(true), el("h3", {}, "Measured"), list(false),
    absent > 0 && el("p", { class: "fine" }, `${absent} more metrics have no value in any cell of this run.`)));
  return chooser;
}

function filteredCells() {
  const words = table.words.split(/\s+/).filter((word) => word);
  const matches = (cell) => {
    const all = `${cell.label} ${cell.workload} ${cell.id.entry} ${cell.id.ops} seed=${cell.id.seed} ${cell.version} ${cell.status}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const cells = run.cells.filter((cell) => (table.workload === "" || cell.group === Number(table.workload)) && matches(cell));
  if (!table.sort) return cells;
  const column = CAUSES.find(({ key }) => key === table.sort);
  const metric = run.byName.get(table.sort);
  const key = metric ? (cell) => valueOf(cell, metric) : column ? column.of : (cell) => cell[table.sort];
  const sign = table.descending ? -1 : 1;
  // What is absent comes last either way.
  return cells.map((cell) => [key(cell), cell]).sort(([a, x], [b, y]) => {
    if (a == null || b == null) return (a == null) - (b == null) || x.index - y.index;
    return sign * (typeof a === "number" ? a - b : String(a).localeCompare(String(b))) || x.index - y.index;
  }).map(([, cell]) => cell);
}

/** The table anew: its head, and the first rows. */
function fillTable() {
  table.cells = filteredCells();
  const metrics = table.columns.map((name) => run.byName.get(name));
  const causes = CAUSES.filter(({ of }) => run.cells.some(of));
  table.rowOf = rowsOf(metrics, causes);
  byId("cell-table").replaceChildren(tableHead(metrics, causes), el("tbody"));
  byId("cell-table").parentElement.scrollTop = 0;
  showRows(ROWS_FIRST);
  writeView();
}

/** Appends rows; gives the first of them. */
function showRows(more) {
  const body = byId("cell-table").tBodies[0];
  const shown = body.rows.length;
  const rows = table.cells.slice(shown, shown + more).map(table.rowOf);
  rows.forEach((row, index) => row.classList.toggle("off-paper", shown + index >= ROWS_ON_PAPER));
  body.append(...rows);
  tellRows(body.rows.length);
  return rows[0];
}

/**
 * Takes the rows that don't go on paper out of the page, of which hidden ones remain a part that a browser goes through
 * again and again. Gives what puts them back.
 */
function takeOutRows() {
  const body = byId("cell-table").tBodies[0];
  const scroll = byId("cell-table").parentElement;
  const { scrollTop } = scroll;
  const rows = [...body.querySelectorAll(".off-paper")];
  const focused = rows.some((row) => row.contains(document.activeElement)) && document.activeElement;
  for (const row of rows) row.remove();
  // In the next frame: paper need not wait for their being laid out.
  return () => requestAnimationFrame(() => {
    body.append(...rows);
    scroll.scrollTop = scrollTop;
    if (focused) focused.focus({ preventScroll: true });
  });
}

/** How many rows there are, and what shows more of them. */
function tellRows(shown) {
  const number = (n) => n.toLocaleString("en-US");
  const [cells, all] = [table.cells.length, run.cells.length];
  const left = cells - shown;
  byId("cell-count").textContent = `${cells === all ? number(all) : `${number(cells)} of ${number(all)}`} ${all === 1 ? "cell" : "cells"}${left > 0 ? `, the first ${number(shown)} shown` : ""}`;
  const more = byId("cell-more");
  // The button stays the same one while there is a use for it: it may have the focus.
  if (left <= 0) more.replaceChildren();
  else if (!more.firstChild) more.append(el("button", { type: "button", click: () => showRows(ROWS_MORE).querySelector("button").focus({ preventScroll: true }) }));
  if (left > 0) more.firstChild.textContent = `Show ${number(Math.min(left, ROWS_MORE))} more of ${number(left)}`;
  const unprinted = cells - Math.min(shown, ROWS_ON_PAPER);
  byId("cell-rest").textContent = unprinted > 0 ? `… and ${number(unprinted)} more of these cells, which are in results.csv beside this file.` : "";
}

function tableHead(metrics, causes) {
  const heading = (key, label, unit, title, kind = "") => {
    const sorted = table.sort === key;
    const sort = () => {
      // The second click turns the order round, the third gives the plan's.
      if (!sorted) Object.assign(table, { sort: key, descending: false });
      else if (!table.descending) table.descending = true;
      else Object.assign(table, { sort: null, descending: false });
      fillTable();
      document.querySelector(`#cell-table [data-sort="${key}"]`)?.focus();
    };
    return el("th", { scope: "col", class: kind, "data-label": label, "aria-sort": sorted ? (table.descending ? "descending" : "ascending") : "none" },
      el("button", { type: "button", title, "data-sort": key, click: sort }, el("span", {}, label),
        el("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (table.descending ? "▼" : "▲") : "")),
      unit && el("span", { class: "unit" }, unit));
  };
  return el("thead", {}, el("tr", {}, heading("label", "Map", "", "The map, with what tells it from its neighbours"),
    run.groups.length > 1 && heading("workload", "Workload", "", "Keys, mix and size", "workload"),
    ...metrics.map((metric) => heading(metric.name, metric.label.replace("amplification", "amp"), unitOf(metric) + (metric.exact ? "" : " ≈"), `${metric.label}: ${metric.summary} (${certainty(metric)})`, "number")),
    ...causes.map(({ key, label, summary }) => heading(key, label, "≈", summary))));
}

/** What makes the row of a cell; bars are as long as the largest of the rows that one has filtered. */
function rowsOf(metrics, causes) {
  const most = metrics.map((metric) => d3.max(table.cells, (cell) => valueOf(cell, metric)) || 1);
  const best = bests(metrics);
  const texts = metrics.map((metric) => columnText(metric, table.cells));
  const number = (cell, metric, index) => {
    const value = valueOf(cell, metric);
    if (value == null) return noValue(absence(cell, metric));
    const first = best.get(metric)?.[cell.group] === value;
    return el("td", { class: first ? "number best" : "number", title: `${value} ${metric.unit}` },
      first && el("span", { class: "mark", role: "img", "aria-label": "best of its workload: ", title: "the best of its workload" }, "▾"), texts[index](value),
      el("i", { class: metric.exact ? "" : "measured", style: `width:${Math.max(0, (100 * value) / most[index])}%` }),
      scatterOf(cell, metric, texts[index]));
  };
  const cause = (cell, of) => (of(cell) ? el("td", { class: "name" }, of(cell)) : noValue(cell.failed ? `the cell failed: ${cell.status}` : cell.timed ? "nothing to tell" : "the time pass was not run", "name"));
  return (cell) => el("tr", cell.failed ? { class: "bad" } : {},
    el("th", { scope: "row" },
      el("button", { type: "button", class: "open", title: "Every figure of this cell", "aria-haspopup": "dialog", click: () => showCell(cell) }, cell.label),
      run.groups.length > 1 && el("small", { class: "under" }, cell.workload, hasLatencies(cell) && `, ${latenciesOf(cell)}`),
      run.groups.length === 1 && hasLatencies(cell) && el("small", { class: "of" }, latenciesOf(cell)),
      cell.failed && el("span", { class: "status", title: cell.error }, ` ✕ ${cell.status}`),
      !cell.exact && !cell.failed && el("span", { class: "status", role: "img", "aria-label": " counts don't repeat bit for bit", title: "Its counts don't repeat bit for bit" }, " ~")),
    run.groups.length > 1 && el("td", { class: "workload", title: cell.workload }, cell.workload, hasLatencies(cell) && el("small", { class: "of" }, latenciesOf(cell))),
    ...metrics.map((metric, index) => number(cell, metric, index)),
    ...causes.map(({ of }) => cause(cell, of)));
}

const hasLatencies = (cell) => !cell.failed && cell.recordings > 0;
/** What its latencies are of, where no kind of operation is in their name. */
const latenciesOf = (cell) => `latencies of ${cell.latencies_of}`;

/** Between which its repetitions are, where they differ; of the least over all of them, what it was after fewer. */
function scatterOf(cell, metric, text) {
  const [from, to] = (cell.repetitions > 1 && !metric.exact && cell.ranges?.[metric.name]) || [];
  if (!(from < to)) return null;
  const [[least, unit], [, same]] = [from, to].map((end) => text(end).split(" "));
  const title = "the smallest and the largest: of its repetitions, or, of the least over all of them, of what it was after fewer";
  return el("small", { class: "scatter", title }, unit === same ? `${least} – ${text(to)}` : `${text(from)} – ${text(to)}`);
}

const noValue = (why, kind = "number") => el("td", { class: `${kind} none`, title: why }, el("span", { "aria-hidden": "true" }, "–"), el("span", { class: "unseen" }, why));

/** The best exact value of each workload, where there is better and worse and more than one cell. A time's best may change. */
function bests(metrics) {
  const found = new Map();
  for (const metric of metrics.filter((metric) => metric.better && metric.exact)) {
    const better = metric.better === "lower" ? Math.min : Math.max;
    const of = (group) => {
      const values = group.cells.map((cell) => valueOf(cell, metric)).filter((value) => value != null);
      const first = values.length > 1 ? better(...values) : undefined;
      return values.filter((value) => value === first).length < values.length ? first : undefined;
    };
    found.set(metric, run.groups.map(of));
  }
  return found;
}

function saveTable() {
  const metrics = table.columns.map((name) => run.byName.get(name));
  const rows = filteredCells().map((cell) => [cell.label, cell.workload, cell.status, ...metrics.map((metric) => valueOf(cell, metric)), ...CAUSES.map(({ of }) => of(cell))]);
  saveCsv("cells", ["cell", "workload", "status", ...table.columns, ...CAUSES.map(({ key }) => `${key}_cause`)], rows);
}
