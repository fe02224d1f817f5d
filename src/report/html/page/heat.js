// When operations stall: latencies over the operations of a run.
"use strict";

/** The colour of so many operations; that of a single one can be seen. */
const heatColour = (count, most) => `color-mix(in oklab, var(--heat) ${Math.round(most > 1 ? (100 * Math.log(count)) / Math.log(most) : 100)}%, var(--heat-least))`;

/** The heat maps of the chosen cells of a workload, below the choice. */
function heatView(group, cells) {
  const longest = ({ heat }) => d3.max(heat.columns, (column) => d3.max(column, ([band]) => band));
  const shown = latency.stalling.get(group.index) ?? mostTellingPanels(cells, longest);
  latency.stalling.set(group.index, shown);
  const worst = cells.filter((one) => longest(one) === d3.max(cells, longest));
  return panelView(cells, shown, (visible) => heatFigure(group, visible, worst.every(({ cell }) => shown.has(cell.label))));
}

/** `all`: whether no cell that isn't drawn stalls as long. */
function heatFigure(group, cells, all) {
  const maps = cells.map((one) => ({ ...one, rects: heatRects(one) }));
  const stalls = maps.map((one) => ({ ...one, stall: d3.greatest(one.rects, (rect) => rect.band) }));
  const bands = maps.flatMap(({ rects }) => rects.map((rect) => rect.band));
  const domain = [Math.max(1, run.bands_ns[d3.min(bands)]), run.bands_ns[d3.max(bands) + 1] ?? run.bands_ns.at(-1) * 1.5];
  // One scale of colours, so that panels can be compared.
  const most = d3.max(maps, ({ rects }) => d3.max(rects, (rect) => rect.count));
  const marked = distinct(maps.flatMap((one) => marksOf(one).map((mark) => mark.cause)));
  const style = causeStyle();
  const least = cells.every(({ cell }) => cell.least_of);
  return figure({
    title: stallTitle(stalls, all),
    unit: `${least ? "the least latency of every operation over the repetitions" : "latency of every operation over the operations, all repetitions on each other"}, logarithmic · measured, varies from run to run`,
    words: `Each field is coloured by how many operations took so long; even a single one can be seen.${least ? "" : " What returns in the same place at every repetition is the map, what is scattered is the machine."}${marked.length ? " Marks are the longest operations of each cause, at most 64; a bar at the foot is a stretch in which operation after operation moved entries." : ""}`,
    name: `heat-${group.index}`,
    legend: el("div", { class: "chips" }, heatKey(most), ...marked.map((cause) => el("span", { class: "chip" }, seriesKey(style, cause, false), cause))),
    columns: ["cell", "what", "from_operation", "to_operation", "latency_at_least_ns", "latency_below_ns", "operations", "cause", "moved_entries"],
    rows: maps.flatMap(heatRows),
    draw: (width) => panels(maps, width, 400, (one, each) => el("div", { class: "panel" }, el("h4", {}, one.cell.label), heatChart(one, each, domain, style, most))),
  });
}

/** All that a heat map shows, as rows: what is marked first, which is less. */
const heatRows = (one) => [
  ...marksOf(one).map(({ op, cause, ns }) => [one.cell.label, "mark", op, op + 1, ns, ns, 1, cause, null]),
  ...spellsOf(one).map(({ from, to, moved }) => [one.cell.label, "moves", from, to + 1, null, null, null, null, moved]),
  ...one.rects.map((rect) => [one.cell.label, "count", rect.from, rect.to, rect.least, Number.isFinite(rect.below) ? rect.below : null, rect.count, null, null]),
];

/** What the colours stand for. */
function heatKey(most) {
  const steps = d3.range(0, 1.01, 0.125).map((at) => heatColour(most ** at, most));
  return el("span", { class: "chip" }, "1", el("span", { class: "ramp", "aria-hidden": "true" }, ...steps.map((colour) => el("i", { style: `background:${colour}` }))), `${most.toLocaleString("en-US")} operations, logarithmic`);
}

/** Who stalls longest, of all or of those that are drawn; which of several in the highest band was the longest of all, a heat map doesn't tell. */
function stallTitle(stalls, all = true) {
  const longest = all ? "longest" : "longest of these";
  const highest = d3.max(stalls, ({ stall }) => stall.band);
  const worst = stalls.filter(({ stall }) => stall.band === highest);
  const [{ cell, stall, rects }] = worst;
  const times = d3.sum(worst, ({ rects }) => d3.sum(rects.filter((rect) => rect.band === highest), (rect) => rect.count));
  const range = Number.isFinite(stall.below) ? `${duration(stall.least)} to ${duration(stall.below)}` : `${duration(stall.least)} or more`;
  if (worst.length > 1) {
    const names = worst.map(({ cell }) => cell.label);
    if (names.length > 3) return `${names.length} of these maps stall ${all ? "longest" : "as long as any"}: ${range}`;
    return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} stall ${longest}: ${range}`;
  }
  if (rects.filter((rect) => rect.band === highest).length > 1) return `${cell.label} stalls ${longest}: ${times.toLocaleString("en-US")} operations of ${range}`;
  return `${cell.label} stalls ${longest}: ${range}, at operation ${stall.from.toLocaleString("en-US")} of ${cell.id.ops.toLocaleString("en-US")}${stallWords(worst[0])}`;
}

/** What the longest operation did, where the repetition that kept them is the one that it was in. */
function stallWords({ stall, marks }) {
  const it = marks?.operations.find(([op, , ns]) => op >= stall.from && op < stall.to && ns >= stall.least && ns < stall.below);
  if (!it) return "";
  return GROUND.includes(it[1]) ? ", with no structural work: an interruption" : ` (cause: ${it[1]})`;
}

/** The operations to mark: those whose cause says something of the map. */
const marksOf = ({ marks }) => (marks?.operations ?? []).map(([op, cause, ns]) => ({ op, cause, ns })).filter(({ cause }) => !GROUND.includes(cause) && cause !== "alloc-other");

/** Stretches in which operation after operation moved entries. */
const spellsOf = ({ marks }) => (marks?.spells ?? []).map(([from, to, moved]) => ({ from, to, moved }));

function heatRects({ cell, heat }) {
  return heat.columns.flatMap((column, index) => column.map(([band, count]) => ({
    band, count, from: index * heat.ops_per_column, to: Math.min((index + 1) * heat.ops_per_column, cell.id.ops), least: run.bands_ns[band], below: run.bands_ns[band + 1] ?? Infinity,
  })));
}

function heatChart(one, width, domain, style, most) {
  const { cell, rects } = one;
  const place = (number) => number.toLocaleString("en-US");
  return Plot.plot({
    width, height: 250, marginLeft: 56, marginRight: 14, marginTop: 28, marginBottom: 40, style: FONT,
    x: { domain: [0, cell.id.ops], label: "operation →", ticks: Math.max(2, Math.floor(width / 110)), tickFormat: d3.format("~s") },
    y: { type: "log", domain, label: "↑ latency, log scale", grid: true, ticks: decades(domain).filter((ns) => ns >= domain[0] && ns <= domain[1]), tickFormat: duration },
    marks: [
      Plot.rect(rects, {
        x1: "from", x2: "to", y1: (rect) => Math.max(domain[0], rect.least), y2: (rect) => Math.min(domain[1], rect.below), fill: { value: (rect) => heatColour(rect.count, most), scale: null }, inset: 0,
        title: (rect) => `operations ${rect.from.toLocaleString("en-US")} to ${rect.to.toLocaleString("en-US")}: ${rect.count.toLocaleString("en-US")} took ${duration(rect.least)} to ${duration(rect.below)}`,
      }),
      Plot.rectX(spellsOf(one), { x1: "from", x2: "to", y1: domain[0], y2: domain[0] * 1.25, fill: style.colour("move"), title: (spell) => `operations ${place(spell.from)} to ${place(spell.to)} moved ${place(spell.moved)} entries` }),
      Plot.dot(marksOf(one), {
        x: "op", y: (mark) => Math.min(domain[1], Math.max(domain[0], mark.ns)), r: 3, symbol: (mark) => style.symbol(mark.cause), stroke: { value: (mark) => style.colour(mark.cause), scale: null }, fill: "var(--paper)", fillOpacity: 0.6, strokeWidth: 1.2,
        title: (mark) => `operation ${place(mark.op)}: ${mark.cause}, ${duration(mark.ns)}`,
      }),
    ],
  });
}
