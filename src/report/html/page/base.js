// What every part of the page needs: its data, numbers as text, elements.
"use strict";

const byId = (id) => document.getElementById(id);

/** An element. Functions become listeners, `true` an attribute without a value; text is never taken for markup. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const unpacked = new Map();

/** The data of a chunk, unpacked once; undefined where the page has no such chunk. */
function unpack(name) {
  if (!unpacked.has(name)) unpacked.set(name, inflate(byId(name)));
  return unpacked.get(name);
}

async function inflate(script) {
  if (!script) return undefined;
  const bytes = Uint8Array.from(atob(script.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/**
 * What unpacks the data that a section shows. It gives them to who asked last and nothing to the others: while one chunk
 * is unpacked, another may be chosen that is there already.
 */
function forLast(unpacking) {
  let asked = 0;
  return async () => {
    const turn = ++asked;
    const data = await unpacking();
    return turn === asked ? data : undefined;
  };
}

/** The overview, and what is looked up in it all the time. */
const run = { metrics: [], groups: [], cells: [], values: [], findings: [], kinds: [], quantiles: [], dimensions: [] };

async function load() {
  Object.assign(run, await unpack("overview"));
  run.metrics.forEach((metric, index) => Object.assign(metric, { index, label: metricLabel(metric.name) }));
  run.byName = new Map(run.metrics.map((metric) => [metric.name, metric]));
  run.cells.forEach((cell, index) => {
    cell.index = index;
    cell.failed = cell.status !== "ok";
    cell.workload = run.groups[cell.group].name;
    cell.variant = cell.label.replace(/ seed=.*$/, "");
  });
  run.groups.forEach((group, index) => Object.assign(group, { index, cells: [] }));
  run.cells.forEach((cell) => run.groups[cell.group].cells.push(cell));
  run.causes = run.metrics.filter((m) => m.name.startsWith("tail_share_")).map((m) => m.name.slice("tail_share_".length));
}

const valueOf = (cell, metric) => run.values[metric.index][cell.index];
const hasValues = (metric) => run.values[metric.index].some((value) => value != null);

/** The largest of these workloads, which tells most; the first of them in the plan. */
const mostTellingGroup = (groups) => d3.greatest(groups, (group) => group.cells[0].id.ops).index;

/** Why a section has nothing to show: `words`, unless no cell got that far. */
const nothing = (words) => el("p", { class: "notice" }, run.cells.length && run.cells.every((cell) => cell.failed) ? "Nothing: every cell failed." : words);

/** Why a cell has no value of a metric. */
function absence(cell, metric) {
  if (cell.failed) return `the cell failed: ${cell.status}`;
  if (metric.exact && !cell.counted) return "the count pass was not run";
  if (!metric.exact && !cell.timed) return "the time pass was not run";
  const [, beside] = /^(writes|lookups)_.*_ns$/.exec(metric.name) ?? [];
  if (beside && (beside === "lookups") === (cell.latencies_of === "lookups")) return `its latencies without a kind in their name are of ${cell.latencies_of}`;
  return metric.exact ? "not available for this map" : "not available for this map, or too few such operations";
}

/** `alloc bytes per write`, `insert p99.9`. */
function metricLabel(name) {
  const nines = (_, digits) => ` p${digits.length > 2 ? `${digits.slice(0, 2)}.${digits.slice(2)}` : digits}`;
  return name.replace(/_p(\d+)_ns$/, nines).replace(/_ns$/, "").replaceAll("_", " ");
}

/** Three significant digits, every digit of a whole part: `1,234`, `4.63`, `0.0012`. */
function plain(x) {
  if (x === 0) return "0";
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(x)))));
  return x.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function scaled(x, steps) {
  const [factor, unit] = steps.findLast(([factor]) => Math.abs(x) >= factor) ?? steps[0];
  return `${plain(x / factor)} ${unit}`;
}

const duration = (ns) => scaled(ns, [[1, "ns"], [1e3, "µs"], [1e6, "ms"], [1e9, "s"]]);
const byteSize = (bytes) => scaled(bytes, [[1, "B"], [1024, "KiB"], [1024 ** 2, "MiB"], [1024 ** 3, "GiB"]]);
const percent = (share) => `${plain(share * 100)} %`;

/** Whether a ratio is part of a whole, as what amplifies is not. */
const isShare = (metric) => metric.unit === "ratio" && !metric.name.endsWith("amplification");

/** A value in its metric's unit. Every digit stays in the page's data and downloads. */
function text(value, metric) {
  if (value == null) return "–";
  if (metric.unit === "ns") return duration(value);
  if (metric.unit === "bytes") return byteSize(value);
  if (metric.unit === "percent") return `${plain(value)} %`;
  if (isShare(metric)) return percent(value);
  return plain(value);
}

/** How a column of a metric writes its values: all with as many decimals as let its smallest keep three digits. */
function columnText(metric, cells) {
  if (["ns", "bytes", "percent"].includes(metric.unit) || isShare(metric)) return (value) => text(value, metric);
  const values = cells.map((cell) => valueOf(cell, metric)).filter((value) => value > 0 && !Number.isInteger(value));
  if (!values.length) return (value) => value.toLocaleString("en-US");
  const least = Math.min(...values);
  const digits = Math.max(0, Math.min(Math.max(...values) < 1 ? 5 : 2, 2 - Math.floor(Math.log10(least))));
  const smallest = 10 ** -digits;
  const whole = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return (value) => (value === 0 ? "0" : value < smallest / 2 ? `<${smallest}` : value.toLocaleString("en-US", whole));
}

/** The unit of an axis or of a heading; nothing where values say it themselves. */
const unitOf = (metric) => (isShare(metric) ? "share" : metric.unit === "ratio" ? "×" : metric.unit);
const certainty = (metric) => (metric.exact ? "exact" : "measured, varies from run to run");

const distinct = (values) => [...new Set(values)];
const ratioText = (ratio) => (ratio >= 9.95 ? Math.round(ratio).toLocaleString("en-US") : ratio.toFixed(1));

/** Saves rows as CSV; fields are quoted where they must be. */
function saveCsv(name, columns, rows) {
  const field = (value) => {
    const raw = value == null ? "" : String(value);
    return /[",\n\r]/.test(raw) ? `"${raw.replaceAll('"', '""')}"` : raw;
  };
  const lines = [columns, ...rows].map((row) => row.map(field).join(","));
  const url = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  el("a", { href: url, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Saves data as CSV; `what` tells it from the other buttons of the page. */
const csvButton = (what, save) => el("button", { type: "button", class: "quiet", click: save },
  el("span", { "aria-hidden": "true" }, "↓ "), "CSV", el("span", { class: "unseen" }, ` of ${what}`));

/** A labelled `select`; options are `[value, text]`, or `{ group, options }`. */
function select(label, options, value, onchange) {
  const option = ([key, shown]) => el("option", { value: key, selected: String(key) === String(value) }, String(shown));
  const nodes = options.map((row) => (Array.isArray(row) ? option(row) : el("optgroup", { label: row.group }, ...row.options.map(option))));
  const input = el("select", { change: () => onchange(input.value) }, ...nodes);
  return el("label", { class: "field" }, el("span", {}, label), input);
}

/** A choice among few, all in view. */
function choice(label, options, value, onchange) {
  const name = label.toLowerCase();
  const one = ([key, shown]) => el("label", {}, el("input", { type: "radio", name, value: key, checked: key === value, change: () => onchange(key) }), el("span", {}, shown));
  return el("fieldset", { class: "field" }, el("legend", {}, label), el("div", { class: "segments" }, ...options.map(one)));
}

/** A table of texts and numbers: numbers are set right. */
function plainTable(columns, rows, caption) {
  const cell = (value) => (typeof value === "number" ? el("td", { class: "number" }, plain(value)) : el("td", {}, value == null ? "–" : String(value)));
  return el("table", { class: "plain" },
    caption && el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))));
}
