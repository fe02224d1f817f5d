// One metric over what was varied.
"use strict";

const explore = { metric: "alloc_bytes_per_write", x: "", colour: "", facet: "", scale: "auto", pinned: {}, hidden: new Set() };
const POOLED = "\u0000all";
const OWN = "own";

/** What varies between cells; whatever an identity is made of, and two that are made of several of them. */
function dimensions() {
  const keys = distinct(run.cells.flatMap((cell) => Object.keys(cell.id)));
  const rows = keys.map((key) => {
    const values = distinct(run.cells.map((cell) => cell.id[key]));
    const numeric = values.every((value) => value == null || typeof value === "number");
    return { key, label: key === "ops" ? "operations" : key.replaceAll("_", " "), numeric, of: (cell) => cell.id[key] ?? OWN, covers: [key] };
  });
  rows.push({ key: "variant", label: "map and load factor", of: (cell) => cell.variant, covers: ["variant", "map", "load_factor"] });
  rows.push({ key: "workload", label: "workload", of: (cell) => cell.workload, covers: ["workload", "keys", "mix", "entry", "ops", "hint"] });
  for (const row of rows) {
    row.values = distinct(run.cells.map(row.of));
    if (row.numeric) row.values.sort((a, b) => (a === OWN) - (b === OWN) || a - b);
    row.told = run.cells.filter((cell) => row.of(cell) !== OWN).length / run.cells.length;
  }
  return rows.filter((row) => row.values.length > 1 || row.key === "map");
}

const dimension = (key) => run.dimensions.find((row) => row.key === key);

function exploreDefaults() {
  run.dimensions = dimensions();
  const axes = run.dimensions.filter((row) => row.numeric && row.values.length >= 3 && row.told > 0.6 && !["seed", "hint"].includes(row.key));
  const widest = axes.sort((a, b) => b.values.length - a.values.length)[0];
  const maps = dimension("variant") && widest?.key !== "load_factor" ? "variant" : "map";
  explore.x = widest?.key ?? maps;
  explore.colour = widest ? maps : "";
  const workloads = dimension("workload");
  if (!widest) explore.facet = workloads && workloads.values.length <= 12 ? "workload" : dimension("mix") ? "mix" : "";
  else explore.facet = dimension("mix") ? "mix" : dimension("keys") ? "keys" : "";
  if (!run.byName.has(explore.metric) || !hasValues(run.byName.get(explore.metric))) {
    explore.metric = (run.metrics.find((metric) => metric.better && hasValues(metric)) ?? run.metrics[0]).name;
  }
}

function exploreMetric(name) {
  explore.metric = name;
  showExplore();
}

/** The dimensions that neither the axis nor lines nor panels show. */
function leftOver() {
  const shown = [explore.x, explore.colour, explore.facet].map(dimension).filter(Boolean);
  const covered = new Set(shown.flatMap((row) => row.covers));
  // What is made of others varies with them.
  return run.dimensions.filter((row) => row.values.length > 1 && !covered.has(row.key) && !["variant", "workload"].includes(row.key));
}

const pinnedTo = (row) => explore.pinned[row.key] ?? (row.key === "seed" || row.key === "load_factor" || (row.key === "map") ? POOLED : String(row.values[0]));

function showExplore() {
  const view = byId("explore-view");
  const metric = run.byName.get(explore.metric);
  const change = (key) => (value) => { explore[key] = value; explore.hidden.clear(); showExplore(); view.querySelector(`[data-control="${key}"] select`)?.focus(); };
  const options = (none) => [...(none ? [["", none]] : []), ...run.dimensions.filter((row) => row.values.length > 1 || !none).map((row) => [row.key, row.label])];
  const ofClass = (exact) => ({ group: exact ? "Exact" : "Measured", options: run.metrics.filter((m) => m.exact === exact && hasValues(m)).map((m) => [m.name, `${m.label} (${m.unit})`]) });
  const named = (key, control) => { control.dataset.control = key; return control; };
  const pins = leftOver().map((row) => named(row.key, select(`Only ${row.label}`, [[POOLED, "all: the median"], ...row.values.map((value) => [value, typeof value === "number" ? value.toLocaleString("en-US") : value])], pinnedTo(row),
    (value) => { explore.pinned[row.key] = value; showExplore(); view.querySelector(`[data-control="${row.key}"] select`)?.focus(); })));
  view.replaceChildren(el("div", { class: "controls" },
    named("metric", select("Metric", [ofClass(true), ofClass(false)], explore.metric, change("metric"))),
    named("x", select("Along the axis", options(), explore.x, change("x"))),
    named("colour", select("Lines", options("one"), explore.colour, change("colour"))),
    named("facet", select("Panels", options("one"), explore.facet, change("facet"))),
    ...pins,
    choice("Scale", [["auto", "auto"], ["linear", "from 0"], ["log", "log"]], explore.scale, (value) => { explore.scale = value; showExplore(); view.querySelector("[name=scale]:checked").focus(); })),
  exploreFigure(metric));
}

/** One point for each place on the axis, series and panel: the median where several cells fall on it. */
function explorePoints(metric) {
  const pins = leftOver().map((row) => [row, pinnedTo(row)]).filter(([, value]) => value !== POOLED);
  const cells = run.cells.filter((cell) => valueOf(cell, metric) != null && pins.every(([row, value]) => String(row.of(cell)) === value));
  const [x, colour, facet] = [explore.x, explore.colour, explore.facet].map(dimension);
  const keyed = d3.rollups(cells, (some) => ({ y: d3.median(some, (cell) => valueOf(cell, metric)), cells: some.length }),
    (cell) => (facet ? facet.of(cell) : ""), (cell) => (colour ? colour.of(cell) : ""), (cell) => x.of(cell));
  return keyed.flatMap(([f, series]) => series.flatMap(([c, places]) => places.map(([place, { y, cells }]) => ({ facet: String(f), series: String(c), x: place, y, cells }))));
}

function exploreFigure(metric) {
  const [x, colour, facet] = [explore.x, explore.colour, explore.facet].map(dimension);
  const points = explorePoints(metric);
  if (!points.length) return el("p", { class: "notice" }, `No cell has ${metric.label} with these choices.`);
  const all = distinct(points.map((point) => point.series)).sort((a, b) => (colour?.values.map(String).indexOf(a) ?? 0) - (colour?.values.map(String).indexOf(b) ?? 0));
  const style = seriesStyle(all);
  if (!explore.hidden.size) {
    const told = mostTelling(all, (name) => d3.median(points.filter((point) => point.series === name), (point) => point.y));
    all.filter((name) => !told.has(name)).forEach((name) => explore.hidden.add(name));
  }
  const shown = new Set(all.filter((name) => !explore.hidden.has(name)));
  const frame = el("div");
  const redraw = () => {
    all.forEach((name) => (shown.has(name) ? explore.hidden.delete(name) : explore.hidden.add(name)));
    const visible = points.filter((point) => shown.has(point.series));
    const pooled = d3.max(visible, (point) => point.cells) ?? 1;
    frame.replaceChildren(figure({
      title: contrastOf(metric, visible, x, colour, facet),
      unit: `${metric.label}, ${metric.unit} · ${certainty(metric)}${pooled > 1 ? ` · each point the median of up to ${pooled} cells` : ""}${ownScales(visible) ? " · each panel has a scale of its own" : ""}`,
      words: `${metric.summary}${metric.better ? ` ${metric.better === "lower" ? "Less" : "More"} is better.` : ""}`,
      name: metric.name,
      columns: [facet?.label ?? "panel", colour?.label ?? "series", x.label, metric.name, "cells"],
      rows: visible.map((point) => [point.facet, point.series, point.x, point.y, point.cells]),
      legend: all.length > 1 && seriesChooser(style.names, shown, redraw, (name) => seriesKey(style, name), colour?.numeric ? (name) => placeOf(colour, name) : String),
      more: byId(`metric-${metric.name}`) && el("a", { href: `#metric-${metric.name}`, class: "meaning" }, "What it means"),
      draw: (width) => exploreChart(metric, visible, x, colour, facet, style, width),
    }));
  };
  redraw();
  return frame;
}

/** One of a dimension's values in words: `go-classic`, `100,000 operations`, `load factor 6.5`. */
function placeOf(row, value) {
  if (!row.numeric) return String(value);
  if (value === OWN) return `${row.label} of its own`;
  const shown = Number(value).toLocaleString("en-US");
  return row.label === "operations" ? `${shown} operations` : `${row.label} ${shown}`;
}

/** What the points say, in a sentence: the largest contrast at one place, or how the only series changes. */
function contrastOf(metric, points, x, colour, facet) {
  const several = colour && distinct(points.map((point) => point.series)).length > 1;
  if (!several && x.numeric && distinct(points.map((point) => point.x)).length > 1) return trendOf(metric, points, x, facet, colour);
  const name = (point) => (colour ? placeOf(colour, point.series) : placeOf(x, point.x));
  if (points.length === 1) return `${name(points[0])}: ${text(points[0].y, metric)} ${metric.label}`;
  const place = (point) => JSON.stringify([point.facet, colour ? point.x : ""]);
  const contrasts = d3.groups(points, place).map(([, some]) => {
    const [least, most] = [d3.least(some, (point) => point.y), d3.greatest(some, (point) => point.y)];
    return { some, least, most, ratio: some.length > 1 && least.y > 0 ? most.y / least.y : 1 };
  });
  const { some, least, most, ratio } = d3.greatest(contrasts, (contrast) => contrast.ratio) ?? {};
  const spots = most ? [facet && placeOf(facet, most.facet), colour && placeOf(x, most.x)].filter((words) => words) : [];
  const where = spots.length ? ` on ${spots.join(", ")}` : "";
  if (ratio >= 1.02) return `${name(most)} has ${ratioText(ratio)}× the ${metric.label} of ${name(least)}${where}`;
  const nothing = contrasts.find(({ some, least, most }) => some.length > 1 && least.y === 0 && most.y > 0);
  if (nothing) return `${name(nothing.most)} has the highest ${metric.label}, ${text(nothing.most.y, metric)}; ${name(nothing.least)} has none`;
  return some?.length > 1 ? `No two differ by more than 2 % in ${metric.label}` : metric.label;
}

function trendOf(metric, points, x, facet, colour) {
  const of = (some) => {
    const ordered = some.filter((point) => point.x !== OWN).sort((a, b) => a.x - b.x);
    return [ordered[0], ordered.at(-1)];
  };
  const ends = d3.groups(points, (point) => point.facet).map(([, some]) => of(some)).filter(([first, last]) => first !== last);
  const [first, last] = d3.greatest(ends, ([first, last]) => Math.abs(Math.log((last.y || 1e-9) / (first.y || 1e-9)))) ?? [];
  if (!first) return metric.label;
  const change = last.y === first.y ? `stays at ${text(last.y, metric)}` : `${last.y > first.y ? "rises" : "falls"} from ${text(first.y, metric)} to ${text(last.y, metric)}`;
  const [from, to] = [first, last].map((point) => point.x.toLocaleString("en-US"));
  return `${colour ? `${placeOf(colour, first.series)}'s ` : ""}${metric.label} ${change} as ${x.label} goes from ${from} to ${to}${facet ? `, on ${placeOf(facet, first.facet)}` : ""}`;
}

/** Whether panels need a scale of their own: on a common one the lower would lie flat. */
function ownScales(points) {
  const FLAT = 8;
  const tops = d3.rollups(points, (some) => d3.max(some, (point) => point.y), (point) => point.facet).map(([, top]) => top).filter((top) => top > 0);
  return tops.length > 1 && d3.max(tops) / d3.min(tops) > FLAT;
}

function exploreChart(metric, points, x, colour, facet, style, width) {
  const keys = facet ? facet.values.map(String).filter((key) => points.some((point) => point.facet === key)) : [""];
  const values = points.map((point) => point.y);
  const own = ownScales(points);
  const scaleOf = (values) => {
    const log = d3.min(values) > 0 && (explore.scale === "log" || (explore.scale === "auto" && d3.max(values) / d3.min(values) > 60));
    return { log, domain: log ? d3.extent(values) : [Math.min(0, d3.min(values)), d3.max(values) || 1] };
  };
  const longest = d3.max(points, (point) => String(point.x).length);
  return panels(keys, width, x.numeric ? 340 : 380, (key, each) => {
    const mine = points.filter((point) => point.facet === key);
    const { log, domain } = scaleOf(own ? mine.map((point) => point.y) : values);
    const chart = x.numeric ? lineChart(metric, mine, x, colour, style, each, log, domain) : dotChart(metric, mine, colour, style, each, log, domain, longest);
    const level = mine.length > 1 && mine.every((point) => point.y === mine[0].y);
    return el("div", { class: "panel" }, facet && el("h4", {}, placeOf(facet, key), level && el("small", {}, ` all ${text(mine[0].y, metric)}`)), chart);
  });
}

const axisText = (metric) => (value) => text(value, metric);

function lineChart(metric, points, x, colour, style, width, log, domain) {
  const placed = points.filter((point) => point.x !== OWN).sort((a, b) => a.x - b.x);
  // A map that has no such setting is the same everywhere along the axis.
  const level = points.filter((point) => point.x === OWN);
  const places = distinct(placed.map((point) => point.x));
  const wide = places.length > 1 && places.every((place) => place > 0) && Math.max(...places) / Math.min(...places) >= 20;
  const ends = [...d3.rollup(placed, (some) => some.at(-1), (point) => point.series).values(), ...level.map((point) => ({ ...point, x: Math.max(...places) }))];
  const names = d3.max(ends, (end) => end.series.length) ?? 0;
  const labelled = colour && ends.length <= 14;
  return Plot.plot({
    width, height: 320, marginLeft: 64, marginTop: 28, marginBottom: 40, marginRight: labelled ? Math.min(170, 22 + 7.1 * names) : 20, style: FONT,
    x: { type: wide ? "log" : "linear", label: `${x.label} →`, ticks: places.length <= Math.min(12, width / 60) ? places : Math.max(2, Math.floor(width / 110)), tickFormat: d3.format(Math.max(...places) >= 1e4 ? "~s" : ",") },
    y: { type: log ? "log" : "linear", domain, grid: true, nice: true, ticks: log ? 5 : 6, tickFormat: axisText(metric), label: `↑ ${metric.label}${log ? ", log scale" : ""}` },
    marks: [
      level.length ? Plot.ruleY(level, { y: "y", stroke: (d) => style.colour(d.series), strokeDasharray: "1 4", strokeWidth: 1.5 }) : null,
      ...style.names.map((name) => Plot.line(placed.filter((point) => point.series === name), { x: "x", y: "y", stroke: style.colour(name), strokeWidth: 2, strokeDasharray: style.dash(name), ...(metric.exact ? {} : { strokeOpacity: 0.85 }) })),
      ...style.names.map((name) => Plot.dot(placed.filter((point) => point.series === name), { x: "x", y: "y", symbol: style.symbol(name), r: 4, fill: metric.exact ? style.colour(name) : "var(--paper)", stroke: style.colour(name), strokeWidth: 1.5 })),
      labelled ? endLabels(ends, { x: "x", y: "y", text: "series", fill: (d) => style.colour(d.series) }) : null,
      Plot.tip(placed, Plot.pointer({ x: "x", y: "y", title: (d) => `${d.series || metric.label}\n${x.label} ${d.x.toLocaleString("en-US")}\n${text(d.y, metric)}${metric.unit.includes("/") ? ` ${metric.unit}` : ""}${d.cells > 1 ? `\nmedian of ${d.cells} cells` : ""}`, fill: "var(--paper)", stroke: "var(--line)" })),
    ],
  });
}

function dotChart(metric, points, colour, style, width, log, domain, longest) {
  const order = d3.groupSort(points, (some) => -d3.max(some, (point) => point.y), (point) => String(point.x));
  const rows = points.map((point) => ({ ...point, row: String(point.x) }));
  const left = Math.min(width * 0.42, 24 + 6.9 * longest);
  const single = !colour;
  return Plot.plot({
    width, height: 46 + 24 * order.length, marginLeft: left, marginRight: single ? 70 : 24, marginTop: 22, marginBottom: 18, style: FONT,
    x: { type: log ? "log" : "linear", domain, axis: "top", grid: true, ticks: Math.max(2, Math.floor(width / 130)), tickFormat: axisText(metric), label: null, nice: log },
    y: { domain: order, label: null, tickSize: 0, tickFormat: (name) => (name.length * 6.9 > left ? `${name.slice(0, Math.floor(left / 6.9) - 2)}…` : name) },
    marks: [
      single && !log ? Plot.barX(rows, { x: "y", y: "row", fill: metric.exact ? "var(--bar)" : "url(#measured)", insetTop: 4, insetBottom: 4, rx: 2 }) : null,
      single && log ? Plot.ruleY(rows, { y: "row", x1: domain[0], x2: "y", stroke: "var(--line)" }) : null,
      !single ? Plot.ruleY(order, { y: (d) => d, stroke: "var(--line)" }) : null,
      ...(single && !log ? [] : style.names).map((name) => Plot.dot(rows.filter((row) => row.series === name), { x: "y", y: "row", r: 4.5, symbol: style.symbol(name), fill: metric.exact ? style.colour(name) : "var(--paper)", stroke: style.colour(name), strokeWidth: 1.5 })),
      single ? Plot.text(rows, { x: "y", y: "row", text: (d) => text(d.y, metric), textAnchor: "start", dx: log ? 10 : 6, fill: "var(--ink)" }) : Plot.tip(rows, Plot.pointer({ x: "y", y: "row", title: (d) => `${d.row}\n${d.series}: ${text(d.y, metric)}`, fill: "var(--paper)", stroke: "var(--line)" })),
    ],
  });
}
