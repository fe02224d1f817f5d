// Everything about one cell.
"use strict";

/** Whole numbers to their last digit: there is room. */
const figureText = (value, metric) => (metric.exact && Number.isInteger(value) ? value.toLocaleString("en-US") : text(value, metric));

function showCell(cell) {
  const told = run.metrics.filter((metric) => valueOf(cell, metric) != null);
  const scatters = cell.ranges && cell.repetitions > 1;
  const range = (metric) => (cell.ranges[metric.name] ? cell.ranges[metric.name].map((end) => figureText(end, metric)).join(" – ") : "");
  const list = (heading, metrics) => metrics.length > 0 && el("div", {}, el("h3", {}, heading),
    el("table", { class: "plain" }, el("tbody", {}, ...metrics.map((metric) => el("tr", {},
      el("th", { scope: "row", title: metric.summary }, metric.label, el("span", { class: "unit" }, ` ${unitOf(metric)}`)),
      el("td", { class: "number", title: `${valueOf(cell, metric)} ${metric.unit}` }, figureText(valueOf(cell, metric), metric)),
      !metric.exact && scatters && el("td", { class: "number range" }, range(metric)))))));
  const files = [
    ...cell.stacks.flatMap((kind) => [`${kind}.svg`, `${kind}.folded`, `${kind === "alloc" ? "heap" : kind}.pb.gz`]),
    ...(cell.recordings > 0 ? ["latency.hlog"] : []),
  ];
  const close = el("button", { type: "button", class: "quiet close", "aria-label": "Close", click: () => dialog.close() }, "✕");
  const absent = run.metrics.length - told.length;
  const dialog = el("dialog", { class: "cell", "aria-labelledby": "cell-title", close: () => dialog.remove(), click: (event) => { if (event.target === dialog) dialog.close(); } },
    close,
    el("h2", { id: "cell-title" }, cell.label),
    el("p", { class: "lede" }, `${run.groups[cell.group].title}, seed ${cell.id.seed}${cell.version ? ` · ${cell.version}` : ""}`),
    cell.failed && el("p", { class: "failed" }, el("strong", { class: "bad" }, cell.status), cell.error ? `: ${cell.error}` : ""),
    !cell.exact && el("p", { class: "fine" }, "This map can't be seeded: its counts don't repeat bit for bit."),
    el("div", { class: "pair" }, list("Exact", told.filter((metric) => metric.exact)), list("Measured", told.filter((metric) => !metric.exact))),
    scatters && el("p", { class: "fine" }, `Beside a measured figure: the smallest and the largest of its ${cell.repetitions} repetitions. A percentile is that of all their operations together; what is undisturbed is the least of each operation, and beside it stands what it was after fewer of them.`),
    absent > 0 && el("p", { class: "fine" }, `${absent} more metrics have no value here.`),
    el("div", { class: "actions" },
      csvButton("this cell", () => saveCsv(cell.files, ["metric", "unit", "class", "value"], told.map((metric) => [metric.name, metric.unit, metric.exact ? "exact" : "measured", valueOf(cell, metric)]))),
      ...files.map((file) => el("a", { href: `cells/${cell.files}/${file}` }, file))));
  document.body.append(dialog);
  dialog.showModal();
}
