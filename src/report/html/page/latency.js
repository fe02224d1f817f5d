// Latencies of a workload's maps: percentiles, when operations stall, and what the tail went into.
"use strict";

const latency = { group: 0, kind: "", cell: 0, shown: new Map(), stalling: new Map() };
const ANY = "";

const nines = (quantile) => -Math.log10(1 - quantile);
const NINES_TICKS = [[0, "0 %"], [Math.log10(2), "50 %"], [1, "90 %"], [2, "99 %"], [3, "99.9 %"], [4, "99.99 %"], [5, "99.999 %"], [6, "99.9999 %"]];
const kindName = (kind) => (kind === ANY ? "writes" : run.kinds.find(([name]) => name === kind)[1]);

async function showLatency() {
  const view = byId("latency-view");
  const groups = run.groups.filter((group) => byId(`latency-${group.index}`));
  if (!groups.length) return view.append(nothing("No times: the time pass was not run, or no cell was done with it."));
  latency.group = mostTellingGroup(groups);
  await fillLatency(groups);
}

const latencyData = forLast(() => Promise.all([`latency-${latency.group}`, `course-${latency.group}`].map(unpack)));

/** Gives whether it did; not where something else was chosen meanwhile. */
async function fillLatency(groups) {
  const data = await latencyData();
  if (!data) return false;
  const [curves, courses] = data;
  const view = byId("latency-view");
  const group = run.groups[latency.group];
  const timed = group.cells.map((cell, position) => ({ cell, curves: curves[position] })).filter(({ curves }) => curves.length);
  const kinds = distinct(timed.flatMap(({ curves }) => curves.map((curve) => curve.kind ?? ANY)));
  if (!kinds.includes(latency.kind)) latency.kind = kinds.includes(ANY) ? ANY : kinds[0];
  if (!timed.some(({ cell }) => cell.index === latency.cell)) latency.cell = timed[0].cell.index;
  const again = (key) => async (value) => {
    latency[key] = key === "kind" ? value : Number(value);
    if (await fillLatency(groups)) view.querySelector(`[data-control="${key}"] select`)?.focus();
  };
  const named = (key, control) => { control.dataset.control = key; return control; };
  const one = timed.find(({ cell }) => cell.index === latency.cell);
  const heats = group.cells.map((cell, position) => ({ cell, ...courses?.[position] })).filter(({ heat }) => heat?.columns.some((column) => column.length));
  const causes = named("cell", select("Causes of", timed.map(({ cell }) => [cell.index, cell.label]), latency.cell, again("cell")));
  view.replaceChildren(
    el("div", { class: "controls" },
      named("group", select("Workload", groups.map((row) => [row.index, row.name]), latency.group, again("group"))),
      named("kind", select("Operations", kinds.map((kind) => [kind, kind === ANY ? "writes of every kind" : kindName(kind)]), latency.kind, again("kind")))),
    percentileFigure(group, timed),
    ...[kindFigure(group, timed)].filter(Boolean),
    heats.length ? heatView(group, heats) : nothing("No heat map: when operations stalled was not recorded."),
    el("div", { class: "pair" }, tailFigure(group, timed), causeFigure(one, causes)));
  return true;
}

const ofKind = (curves, cause) => curves.find((curve) => (curve.kind ?? ANY) === latency.kind && curve.cause === cause);

/**
 * A curve as points; the longest stands where its share of the operations puts it. What took no tick of the clock has no
 * place on a logarithmic axis.
 */
function curvePoints(curve, series) {
  const points = curve.ns.map((ns, index) => ({ series, at: nines(run.quantiles[index]), ns })).filter(({ ns }) => ns > 0);
  points.push({ series, at: Math.max(Math.log10(curve.count), points.at(-1)?.at ?? 0), ns: Math.max(1, curve.max_ns), longest: true });
  return points;
}

/** A curve as rows of data. */
const percentileRows = (name, { count, ns, max_ns }) => [...ns.map((at, index) => [name, count, (100 * run.quantiles[index]).toFixed(5), at]), [name, count, "100", max_ns]];

/** Where marks tell lines apart: at the round percentiles. */
const isRound = (point) => point.longest || NINES_TICKS.some(([at]) => Math.abs(at - point.at) < 0.03 && at > 0.5);

function percentileFigure(group, timed) {
  const curves = timed.map(({ cell, curves }) => ({ cell, curve: ofKind(curves) })).filter(({ curve }) => curve);
  const style = seriesStyle(curves.map(({ cell }) => cell.label));
  const remembered = latency.shown.get(group.index);
  const maps = new Map(curves.map(({ cell }) => [cell.label, cell.id.map]));
  const tails = new Map(curves.map(({ cell, curve }) => [cell.label, curve.ns.at(-1)]));
  const shown = remembered ?? mostTelling(style.names, (name) => tails.get(name), (name) => maps.get(name));
  latency.shown.set(group.index, shown);
  const frame = el("div");
  const floor = run.byName.get("clock_floor_ns");
  const floors = timed.map(({ cell }) => valueOf(cell, floor)).filter((x) => x != null);
  const redraw = () => {
    const visible = curves.filter(({ cell }) => shown.has(cell.label));
    const points = visible.map(({ cell, curve }) => curvePoints(curve, cell.label));
    frame.replaceChildren(figure({
      title: percentileTitle(visible, group),
      unit: `latency of ${kindName(latency.kind)}, logarithmic · measured, varies from run to run`,
      words: `Percentiles on ${group.name}: each step to the right is one more nine. Marks are at 90\u00a0%, 99\u00a0%, and so on; the last is the slowest operation. ${floors.length ? `Reading the clock costs ${duration(d3.median(floors))}, which is in every latency.` : ""}`,
      name: `latency-${group.index}`,
      columns: ["cell", "operations", "percentile", "latency_ns"],
      rows: visible.flatMap(({ cell, curve }) => percentileRows(cell.label, curve)),
      legend: seriesChooser(style.names, shown, redraw, (name) => seriesKey(style, name)),
      draw: (width) => percentileChart(points, style, width, floors.length ? d3.median(floors) : null),
    }));
  };
  redraw();
  return frame;
}

function percentileTitle(curves, group) {
  const told = (curve, at) => { const index = run.quantiles.findIndex((quantile) => Math.abs(nines(quantile) - at) < 0.01); return curve.ns[index]; };
  for (const [at, name] of [[4, "99.99 %"], [3, "99.9 %"], [2, "99 %"]]) {
    const values = curves.map(({ cell, curve }) => [cell.label, told(curve, at)]).filter(([, ns]) => ns != null).sort((a, b) => a[1] - b[1]);
    if (values.length >= 2) {
      const [low, high] = [values[0], values.at(-1)];
      return `${name} of ${low[0]}'s ${kindName(latency.kind)} take at most ${duration(low[1])}, of ${high[0]}'s ${duration(high[1])}`;
    }
    if (values.length === 1) return `${name} of ${values[0][0]}'s ${kindName(latency.kind)} take at most ${duration(values[0][1])}`;
  }
  return `Latency of ${kindName(latency.kind)}`;
}

function percentileChart(lines, style, width, floor) {
  const points = lines.flat();
  const ends = lines.map((line) => line.at(-1));
  const names = d3.max(ends, (end) => end.series.length) ?? 0;
  const labelled = width > 560 && lines.length <= 14;
  const most = Math.max(1, d3.max(points, (point) => point.at) ?? 1);
  const narrow = width <= 560;
  const [marginLeft, marginRight] = [60, labelled ? Math.min(190, 22 + 7.1 * names) : 24];
  const apart = ((width - marginLeft - marginRight) / most) * Math.log10(2);
  const ticks = NINES_TICKS.filter(([at]) => at <= most + 0.01 && !(apart < 48 && at === Math.log10(2))).map(([at, name]) => [at, narrow ? name.replace(" %", "") : name]);
  const domain = decades([...d3.extent(points, (point) => point.ns), ...(floor > 0 ? [floor] : [])]);
  return Plot.plot({
    width, height: Math.min(440, Math.max(320, width * 0.46)), marginLeft, marginTop: 28, marginBottom: 44, marginRight, style: FONT,
    x: { domain: [0, most], ticks: ticks.map(([at]) => at), tickFormat: (at) => ticks.find(([tick]) => tick === at)?.[1] ?? "", label: `${narrow ? "% of" : "share of"} operations that are at most as slow →` },
    y: { type: "log", domain: d3.extent(domain), grid: true, ticks: domain, tickFormat: duration, label: "↑ latency, log scale" },
    marks: [
      floor > 0 ? [Plot.ruleY([floor], { stroke: "var(--muted)", strokeDasharray: "3 4" }), Plot.text([floor], { x: most, y: (d) => d, text: () => "clock floor", textAnchor: "end", dy: -7, fill: "var(--muted)" })] : null,
      ...lines.map((line) => Plot.line(line, { x: "at", y: "ns", stroke: style.colour(line[0].series), strokeWidth: 2, strokeDasharray: style.dash(line[0].series) })),
      ...lines.map((line) => Plot.dot(line.filter(isRound), { x: "at", y: "ns", r: 3.5, symbol: style.symbol(line[0].series), fill: "var(--paper)", stroke: style.colour(line[0].series), strokeWidth: 1.7 })),
      labelled ? endLabels(ends, { x: "at", y: "ns", text: "series", fill: (d) => style.colour(d.series) }) : null,
      Plot.tip(points, Plot.pointer({ x: "at", y: "ns", title: (d) => `${d.series}\n${d.longest ? "slowest" : `${(100 * (1 - 10 ** -d.at)).toPrecision(5)} %`}: ${duration(d.ns)}`, fill: "var(--paper)", stroke: "var(--line)" })),
    ],
  });
}

/** The powers of ten around some values. */
const decades = (values) => d3.range(Math.floor(Math.log10(d3.min(values))), Math.ceil(Math.log10(d3.max(values))) + 1).map((power) => 10 ** power);

