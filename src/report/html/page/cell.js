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
  const dialog = el("dialog", { class: "cell", "aria-labelledby": "cell-title", close: () => { dialog.remove(); writeView(null); }, click: (event) => { if (event.target === dialog) dialog.close(); } },
    close,
    el("h2", { id: "cell-title" }, cell.label),
    el("p", { class: "lede" }, `${run.groups[cell.group].title}, seed ${cell.id.seed}${hasLatencies(cell) ? ` · ${latenciesOf(cell)}` : ""}${cell.version ? ` · ${cell.version}` : ""}`),
    cell.failed && el("p", { class: "failed" }, el("strong", { class: "bad" }, cell.status), cell.error ? `: ${cell.error}` : ""),
    !cell.exact && el("p", { class: "fine" }, "This map can't be seeded: its counts don't repeat bit for bit."),
    el("div", { class: "pair charts" }),
    el("div", { class: "pair" }, list("Exact", told.filter((metric) => metric.exact)), list("Measured", told.filter((metric) => !metric.exact))),
    scatters && el("p", { class: "fine" }, `Beside a measured figure: the smallest and the largest of its ${cell.repetitions} repetitions. A percentile is that of all their operations together; what is undisturbed is the least of each operation, and beside it stands what it was after fewer of them.`),
    absent > 0 && el("p", { class: "fine" }, `${absent} more metrics have no value here.`),
    el("div", { class: "actions" },
      ...cell.stacks.map((kind) => el("button", { type: "button", class: "quiet", click: () => { dialog.close(); openStacks(cell, kind); } }, `Stacks: ${KINDS[kind].name}`)),
      csvButton("this cell", () => saveCsv(cell.files, ["metric", "unit", "class", "value"], told.map((metric) => [metric.name, metric.unit, metric.exact ? "exact" : "measured", valueOf(cell, metric)]))),
      ...files.map((file) => el("a", { href: `cells/${cell.files}/${file}` }, file))));
  document.body.append(dialog);
  dialog.showModal();
  writeView(cell);
  cellCharts(cell).then((charts) => dialog.querySelector(".charts")?.append(...charts));
}

/** How long its operations took, and what it held meanwhile, as far as that was kept. */
async function cellCharts(cell) {
  const group = run.groups[cell.group];
  const place = group.cells.indexOf(cell);
  const [latencies, courses] = await Promise.all([`latency-${group.index}`, `course-${group.index}`].map(unpack));
  const curves = latencies?.[place]?.filter(({ cause }) => cause === undefined) ?? [];
  const curve = curves.find(({ kind }) => kindName(kind ?? ANY) === cell.latencies_of) ?? curves[0];
  const course = courses?.[place];
  return [
    curve && curveFigure(cell, curve),
    course?.timeline?.held_bytes.length && memoryFigure(group, [{ cell, ...course }]),
  ].filter(Boolean);
}

function curveFigure(cell, curve) {
  const kind = kindName(curve.kind ?? ANY);
  const style = seriesStyle([cell.label]);
  const floor = valueOf(cell, run.byName.get("clock_floor_ns"));
  return figure({
    title: `How long ${kind} take`,
    unit: `latency of ${kind}, logarithmic · measured, varies from run to run`,
    words: `Percentiles: each step to the right is one more nine; the last mark is the slowest of ${curve.count.toLocaleString("en-US")} operations, ${duration(curve.max_ns)}.`,
    name: `${cell.files}-latency`,
    columns: ["cell", "operations", "percentile", "latency_ns"],
    rows: percentileRows(cell.label, curve),
    draw: (width) => percentileChart([curvePoints(curve, cell.label)], style, width, floor ?? null),
  });
}
