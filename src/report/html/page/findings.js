// What stands out: each sentence with the number it turns on, and the maps that it compares.
"use strict";

const FINDING_ROWS = 7;

function showFindings() {
  const list = byId("finding-list");
  if (!list) return;
  run.findings.forEach((finding, index) => {
    const item = list.children[index];
    const metric = run.byName.get(finding.subject);
    if (finding.ratio) item.prepend(el("p", { class: "figure", "aria-hidden": "true" }, ratioText(finding.ratio), el("small", {}, "×")));
    item.append(findingBars(metric, finding));
    item.append(el("p", { class: "more" }, el("span", { class: metric.exact ? "tag" : "tag measured" }, metric.exact ? "exact" : "measured"), " ",
      el("a", { href: "#explore", click: () => exploreMetric(metric.name) }, `Explore ${metric.label}`)));
  });
}

/** The figures that it is about, highest first; of many, the ends. */
function findingBars(metric, finding) {
  const rows = finding.values.map(([label, value]) => ({ label, value })).sort((a, b) => b.value - a.value);
  const shown = rows.length <= FINDING_ROWS ? rows : [...rows.slice(0, FINDING_ROWS - 3), null, ...rows.slice(-2)];
  const most = rows[0]?.value || 1;
  const body = shown.map((row) => (row === null
    ? el("tr", { class: "gap" }, el("td", { colspan: 3 }, `${rows.length - FINDING_ROWS + 1} more`))
    : el("tr", {}, el("th", { scope: "row" }, row.label),
      el("td", { class: "meter" }, el("i", { class: metric.exact ? "" : "measured", style: `width:${(100 * row.value) / most}%` })),
      el("td", { class: "number" }, text(row.value, metric)))));
  return el("table", { class: "mini" }, el("caption", {}, [metric.label, unitOf(metric), finding.note, `on ${run.groups[finding.group].name}`].filter(Boolean).join(", ")), el("tbody", {}, ...body));
}

/** When it was run, as far as the clock was read. */
function showWhen() {
  const times = run.cells.map((cell) => cell.started_unix_ms).filter((time) => time);
  if (!times.length) return;
  const date = new Date(Math.min(...times));
  const shown = date.toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
  byId("when").append("· ", el("time", { datetime: date.toISOString() }, shown));
}

/** What reading the clock costs, on each machine. */
function showClock() {
  const floor = run.byName.get("clock_floor_ns");
  const row = byId("clock");
  const machines = Math.max(0, ...run.cells.map((cell) => cell.environment)) + 1;
  if (!floor || !hasValues(floor)) return;
  for (let machine = 0; machine < machines; machine++) {
    const values = run.cells.filter((cell) => cell.environment === machine).map((cell) => valueOf(cell, floor)).filter((x) => x != null);
    row.append(el("td", {}, values.length ? `${duration(d3.median(values))} a reading, the median over ${values.length} cells` : "–"));
  }
  row.hidden = false;
}
