// Latencies: percentiles of a workload's maps, of one map by cause, and what the tail went into.
"use strict";

const latency = { group: 0, kind: "", cell: 0, shown: new Map() };
const ANY = "";

const nines = (quantile) => -Math.log10(1 - quantile);
const NINES_TICKS = [[0, "0 %"], [Math.log10(2), "50 %"], [1, "90 %"], [2, "99 %"], [3, "99.9 %"], [4, "99.99 %"], [5, "99.999 %"], [6, "99.9999 %"]];
const kindName = (kind, group) => (kind === ANY ? "writes" : kind === "get" ? "lookups" : `${kind}s`);

async function showLatency() {
  const view = byId("latency-view");
  const groups = run.groups.filter((group) => byId(`latency-${group.index}`));
  if (!groups.length) return view.append(nothing("No times: the time pass was not run."));
  latency.group = mostTellingGroup(groups);
  await fillLatency(groups);
}

async function fillLatency(groups) {
  const view = byId("latency-view");
  const group = run.groups[latency.group];
  const curves = await unpack(`latency-${latency.group}`);
  const timed = group.cells.map((cell, position) => ({ cell, curves: curves[position] })).filter(({ curves }) => curves.length);
  const kinds = distinct(timed.flatMap(({ curves }) => curves.map((curve) => curve.kind ?? ANY)));
  if (!kinds.includes(latency.kind)) latency.kind = kinds.includes(ANY) ? ANY : kinds[0];
  if (!timed.some(({ cell }) => cell.index === latency.cell)) latency.cell = timed[0].cell.index;
  const again = (key) => async (value) => {
    latency[key] = key === "kind" ? value : Number(value);
    await fillLatency(groups);
    view.querySelector(`[data-control="${key}"] select`)?.focus();
  };
  const named = (key, control) => { control.dataset.control = key; return control; };
  const one = timed.find(({ cell }) => cell.index === latency.cell);
  view.replaceChildren(
    el("div", { class: "controls" },
      named("group", select("Workload", groups.map((row) => [row.index, row.name]), latency.group, again("group"))),
      named("kind", select("Operations", kinds.map((kind) => [kind, kind === ANY ? "writes of every kind" : kindName(kind)]), latency.kind, again("kind")))),
    percentileFigure(group, timed),
    el("div", { class: "pair" },
      tailFigure(group, timed),
      el("div", {}, el("div", { class: "controls" }, named("cell", select("Causes of", timed.map(({ cell }) => [cell.index, cell.label]), latency.cell, again("cell")))), causeFigure(group, one))));
}

const ofKind = (curves, cause) => curves.find((curve) => (curve.kind ?? ANY) === latency.kind && curve.cause === cause);

/** A curve as points; the longest stands where its share of the operations puts it. */
function curvePoints(curve, series) {
  const points = curve.ns.map((ns, index) => ({ series, at: nines(run.quantiles[index]), ns: Math.max(1, ns) }));
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
  const tails = new Map(curves.map(({ cell, curve }) => [cell.label, curve.ns.at(-1)]));
  const shown = remembered ?? mostTelling(style.names, (name) => tails.get(name));
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
      words: `Percentiles on ${group.name}. Marks are at 90 %, 99 %, and so on; the last is the slowest operation. ${floors.length ? `Reading the clock costs ${duration(d3.median(floors))}, which is in every latency.` : ""}`,
      name: `latency-${group.index}`,
      columns: ["cell", "operations", "percentile", "latency_ns"],
      rows: visible.flatMap(({ cell, curve }) => percentileRows(cell.label, curve)),
      legend: seriesChooser(style, shown, redraw),
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
  const ticks = NINES_TICKS.filter(([at]) => at <= most + 0.01 && !(narrow && at === Math.log10(2))).map(([at, name]) => [at, narrow ? name.replace(" %", "") : name]);
  return Plot.plot({
    width, height: Math.min(440, Math.max(320, width * 0.46)), marginLeft: 60, marginBottom: 44, marginRight: labelled ? Math.min(190, 22 + 6.8 * names) : 24, style: FONT,
    x: { domain: [0, most], ticks: ticks.map(([at]) => at), tickFormat: (at) => ticks.find(([tick]) => tick === at)?.[1] ?? "", label: `${narrow ? "% of" : "share of"} operations that are at most as slow →` },
    y: { type: "log", grid: true, tickFormat: logTicks(duration), label: "↑ latency, log scale", nice: true },
    marks: [
      floor && floor > 0 ? [Plot.ruleY([floor], { stroke: "var(--muted)", strokeDasharray: "3 4" }), Plot.text([floor], { x: most, y: (d) => d, text: () => "clock floor", textAnchor: "end", dy: 9, fill: "var(--muted)", fontSize: 11 })] : null,
      ...lines.map((line) => Plot.line(line, { x: "at", y: "ns", stroke: style.colour(line[0].series), strokeWidth: 2, strokeDasharray: style.dash(line[0].series) })),
      ...lines.map((line) => Plot.dot(line.filter(isRound), { x: "at", y: "ns", r: 3.5, symbol: style.symbol(line[0].series), fill: "var(--paper)", stroke: style.colour(line[0].series), strokeWidth: 1.7 })),
      labelled ? endLabels(ends, { x: "at", y: "ns", text: "series", fill: (d) => style.colour(d.series) }) : null,
      Plot.tip(points, Plot.pointer({ x: "at", y: "ns", title: (d) => `${d.series}\n${d.longest ? "slowest" : `${(100 * (1 - 10 ** -d.at)).toPrecision(5)} %`}: ${duration(d.ns)}`, fill: "var(--paper)", stroke: "var(--line)" })),
    ],
  });
}

/** Names for powers of ten; what lies between has a line only. */
const logTicks = (format) => (value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? format(value) : "");

function causeFigure(group, { cell, curves }) {
  const mine = curves.filter((curve) => (curve.kind ?? ANY) === latency.kind && curve.cause).sort((a, b) => b.max_ns - a.max_ns);
  const style = causeStyle();
  const lines = mine.map((curve) => curvePoints(curve, curve.cause));
  const total = d3.sum(mine, (curve) => curve.count);
  const rare = mine.find((curve) => !GROUND.includes(curve.cause));
  const untold = mine.some((curve) => curve.cause === "unknown");
  const title = rare
    ? `${cell.label}: ${percent(rare.count / total)} of the ${kindName(latency.kind)} recorded did ${rare.cause}; the slowest took ${duration(rare.max_ns)}`
    : untold ? `${cell.label}: what its ${kindName(latency.kind)} did can't be told` : `${cell.label}: none of the ${kindName(latency.kind)} did structural work`;
  return figure({
    title,
    unit: `latency of ${kindName(latency.kind)} by cause, logarithmic · measured`,
    words: `Each line is the percentiles within the operations of one cause. ${mine.map((curve) => `${curve.cause}: ${curve.count.toLocaleString("en-US")}`).join(", ")}.`,
    name: `causes-${cell.files}`,
    columns: ["cause", "operations", "percentile", "latency_ns"],
    rows: mine.flatMap((curve) => percentileRows(curve.cause, curve)),
    legend: el("div", { class: "chips" }, ...mine.map((curve) => el("span", { class: "chip" }, seriesKey(style, curve.cause), curve.cause))),
    draw: (width) => percentileChart(lines, style, width, null),
  });
}

/** No structural work, or none known of: the ground that causes stand out from. */
const GROUND = ["steady", "unknown"];
const tailShare = (cause) => run.byName.get(`tail_share_${cause}`);

/** Causes look alike in every chart of a run. */
function causeStyle() {
  const style = seriesStyle([...run.causes.filter((cause) => !GROUND.includes(cause) && hasValues(tailShare(cause))), ...GROUND]);
  const ground = (cause) => GROUND.includes(cause);
  return { ...style, colour: (cause) => (ground(cause) ? "var(--muted)" : style.colour(cause)) };
}
const causeColour = (cause) => (GROUND.includes(cause) ? "var(--ground)" : causeStyle().colour(cause));

function tailFigure(group, timed) {
  const shares = timed.map(({ cell }) => ({ cell, shares: run.causes.map((cause) => [cause, valueOf(cell, tailShare(cause))]).filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]) })).filter(({ shares }) => shares.length);
  if (!shares.length) return el("p", { class: "notice" }, "Too few operations above the 99.9th percentile to tell what the tail went into.");
  const CELLS_MAX = 24;
  const left_out = Math.max(0, shares.length - CELLS_MAX);
  const rows = shares.flatMap(({ cell, shares }) => shares.map(([cause, share]) => ({ label: cell.label, cause, share })));
  const structural = shares.map(({ cell, shares }) => [cell.label, d3.sum(shares.filter(([cause]) => !GROUND.includes(cause)), ([, share]) => share)]).sort((a, b) => b[1] - a[1]);
  const [most] = structural;
  const main = shares.find(({ cell }) => cell.label === most[0]).shares.find(([cause]) => !GROUND.includes(cause));
  const title = main ? `${percent(most[1])} of the time in ${most[0]}'s tail went into operations that did structural work, ${main[0]} above all` : shares.some(({ shares }) => shares.some(([cause]) => cause === "unknown")) ? "What the tail went into can't be told" : "No map's tail is of operations that did structural work";
  const labels = shares.slice(0, CELLS_MAX).map(({ cell }) => cell.label);
  const drawn = rows.filter((row) => labels.includes(row.label));
  return figure({
    title,
    unit: "share of the time above p99.9 of all operations, by cause · measured",
    words: "The time of an operation that did structural work counts for its cause, an interruption in it included. Steady is time without structural work: interruptions, cache misses." + (rows.some((row) => row.cause === "unknown") ? " Unknown is what nobody outside of the map's program can tell." : "") + (left_out ? ` The first ${CELLS_MAX} cells are drawn; the data has ${left_out} more.` : ""),
    name: `tail-${group.index}`,
    columns: ["cell", "cause", "share"],
    rows: rows.map((row) => [row.label, row.cause, row.share]),
    legend: el("div", { class: "chips" }, ...distinct(rows.map((row) => row.cause)).map((cause) => el("span", { class: "chip" }, el("i", { class: "box", style: `background:${causeColour(cause)}` }), cause))),
    draw: (width) => {
      const left = Math.min(width * 0.4, 20 + 6.9 * d3.max(labels, (label) => label.length));
      const wide = (row) => row.share * (width - left - 12) > row.cause.length * 6.6 + 10;
      return Plot.plot({
        width, height: 40 + 28 * labels.length, marginLeft: left, marginRight: 12, marginTop: 24, marginBottom: 8, style: FONT,
        x: { domain: [0, 1], axis: "top", tickFormat: "%", ticks: 5, label: null },
        y: { domain: labels, label: null, tickSize: 0, tickFormat: (name) => (name.length * 6.9 > left ? `${name.slice(0, Math.floor(left / 6.9) - 2)}…` : name) },
        marks: [
          Plot.barX(drawn, { x: "share", y: "label", fill: (row) => causeColour(row.cause), stroke: "var(--paper)", strokeWidth: 1.5, insetTop: 3, insetBottom: 3, order: null, title: (row) => `${row.label}: ${row.cause} ${percent(row.share)}` }),
          Plot.textX(drawn, Plot.stackX({ x: "share", y: "label", text: (row) => (wide(row) ? row.cause : ""), fill: (row) => (GROUND.includes(row.cause) ? "var(--ink)" : "var(--on)"), fontWeight: 600, fontSize: 11 })),
        ],
      });
    },
  });
}
