// What the tail went into: of each map, and of one map by cause.
"use strict";

/** The latencies of one cell by cause; `control` chooses the cell. */
function causeFigure({ cell, curves }, control) {
  const mine = curves.filter((curve) => (curve.kind ?? ANY) === latency.kind && curve.cause).sort((a, b) => b.max_ns - a.max_ns);
  const style = causeStyle();
  const lines = mine.map((curve) => curvePoints(curve, curve.cause));
  const total = d3.sum(mine, (curve) => curve.count);
  const rare = mine.find((curve) => !GROUND.includes(curve.cause));
  const untold = mine.some((curve) => curve.cause === "unknown");
  const title = rare
    ? `${cell.label}: the ${percent(rare.count / total)} of the ${kindName(latency.kind)} with cause ${rare.cause} took up to ${duration(rare.max_ns)}`
    : untold ? `${cell.label}: what its ${kindName(latency.kind)} did can't be told` : `${cell.label}: none of the ${kindName(latency.kind)} did structural work`;
  return figure({
    title,
    unit: `latency of ${kindName(latency.kind)} by cause, logarithmic · measured, varies from run to run`,
    words: `Each line is the percentiles within the operations of one cause. ${mine.map((curve) => `${curve.cause}: ${curve.count.toLocaleString("en-US")}`).join(", ")}.`,
    name: `causes-${cell.files}`,
    columns: ["cause", "operations", "percentile", "latency_ns"],
    rows: mine.flatMap((curve) => percentileRows(curve.cause, curve)),
    legend: el("div", {}, control && el("div", { class: "controls" }, control), el("div", { class: "chips" }, ...mine.map((curve) => el("span", { class: "chip" }, seriesKey(style, curve.cause), curve.cause)))),
    draw: (width) => percentileChart(lines, style, width, null),
  });
}

/** No structural work, or none known of: the ground that causes stand out from. */
const GROUND = ["steady", "unknown"];
const tailShare = (cause) => run.byName.get(`tail_share_${cause}`);

/** Kinds of operation about all entries that occur: where they did no structural work, they are marked for themselves. */
const wholeKinds = () => run.kinds.filter(([kind, , keyed]) => !keyed && hasValues(run.byName.get(`time_share_${kind}`))).map(([kind]) => kind);

/** Causes look alike in every chart of a run. */
function causeStyle() {
  const style = seriesStyle([...run.causes.filter((cause) => !GROUND.includes(cause) && hasValues(tailShare(cause))), ...wholeKinds(), ...GROUND]);
  const ground = (cause) => GROUND.includes(cause);
  return { ...style, colour: (cause) => (ground(cause) ? "var(--muted)" : style.colour(cause)) };
}
const causeColour = (cause) => (GROUND.includes(cause) ? "var(--ground)" : causeStyle().colour(cause));

/** The kinds of operation that a cell has, with their shares of the time. */
const timeShares = (cell) => run.kinds.map(([kind]) => [kind, valueOf(cell, run.byName.get(`time_share_${kind}`))]).filter(([, share]) => share != null);

/** What the time went into, by kind of operation; nothing where no cell has several. */
function kindFigure(group, timed) {
  const shares = timed.map(({ cell }) => ({ cell, shares: timeShares(cell) })).filter(({ shares }) => shares.length > 1);
  if (!shares.length) return null;
  const style = seriesStyle(run.kinds.map(([kind]) => kind));
  const all = shares.flatMap(({ cell, shares }) => shares.map(([name, share]) => ({ label: cell.label, name, share })));
  const most = d3.greatest(all, (row) => row.share);
  const labels = shares.slice(0, CELLS_MAX).map(({ cell }) => cell.label);
  const rows = all.filter((row) => row.share > 0);
  return figure({
    title: `${percent(most.share)} of ${most.label}'s time went into ${kindName(most.name)}`,
    unit: "share of the sum of all latencies, by kind of operation · measured, varies from run to run",
    words: `Latencies of every operation, one reading of the clock in each.${leftOut(shares)}`,
    name: `kinds-${group.index}`,
    columns: ["cell", "kind", "share"],
    rows: all.map((row) => [row.label, row.name, row.share]),
    legend: el("div", { class: "chips" }, ...distinct(rows.map((row) => row.name)).map((kind) => el("span", { class: "chip" }, el("i", { class: "box", style: `background:${style.colour(kind)}` }), kindName(kind)))),
    draw: (width) => shareBars(rows.filter((row) => labels.includes(row.label)), labels, width, style.colour, () => "var(--on)"),
  });
}

/** Bars of shares have no room for more cells. */
const CELLS_MAX = 24;
const leftOut = (cells) => (cells.length > CELLS_MAX ? ` The first ${CELLS_MAX} cells are drawn; the data has ${cells.length - CELLS_MAX} more.` : "");

/** A bar of each cell, cut by the shares of what has a name. */
function shareBars(rows, labels, width, colour, ink) {
  const left = Math.min(width * 0.4, 20 + 6.9 * d3.max(labels, (label) => label.length));
  const wide = (row) => row.share * (width - left - 12) > row.name.length * 7.2 + 10;
  return Plot.plot({
    width, height: 40 + 28 * labels.length, marginLeft: left, marginRight: 12, marginTop: 24, marginBottom: 8, style: FONT,
    x: { domain: [0, 1], axis: "top", tickFormat: "%", ticks: 5, label: null },
    y: { domain: labels, label: null, tickSize: 0, tickFormat: (name) => (name.length * 6.9 > left ? `${name.slice(0, Math.floor(left / 6.9) - 2)}…` : name) },
    marks: [
      Plot.barX(rows, { x: "share", y: "label", fill: (row) => colour(row.name), stroke: "var(--paper)", strokeWidth: 1.5, insetTop: 3, insetBottom: 3, order: null, title: (row) => `${row.label}: ${row.name} ${percent(row.share)}` }),
      Plot.textX(rows, Plot.stackX({ x: "share", y: "label", text: (row) => (wide(row) ? row.name : ""), fill: (row) => ink(row.name), fontWeight: 600 })),
    ],
  });
}

function tailFigure(group, timed) {
  const shares = timed.map(({ cell }) => ({ cell, shares: run.causes.map((cause) => [cause, valueOf(cell, tailShare(cause))]).filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]) })).filter(({ shares }) => shares.length);
  if (!shares.length) return el("p", { class: "notice" }, "Too few operations above the 99.9th percentile to tell what the tail went into.");
  const rows = shares.flatMap(({ cell, shares }) => shares.map(([name, share]) => ({ label: cell.label, name, share })));
  const structural = shares.map(({ cell, shares }) => [cell.label, d3.sum(shares.filter(([cause]) => !GROUND.includes(cause)), ([, share]) => share)]).sort((a, b) => b[1] - a[1]);
  const [most] = structural;
  const main = shares.find(({ cell }) => cell.label === most[0]).shares.find(([cause]) => !GROUND.includes(cause));
  const title = main ? `${percent(most[1])} of the time in ${most[0]}'s tail went into operations that did structural work, ${main[0]} above all` : shares.some(({ shares }) => shares.some(([cause]) => cause === "unknown")) ? "What the tail went into can't be told" : "No map's tail is of operations that did structural work";
  const labels = shares.slice(0, CELLS_MAX).map(({ cell }) => cell.label);
  const drawn = rows.filter((row) => labels.includes(row.label));
  return figure({
    title,
    unit: "share of the time above p99.9 of all operations, by cause · measured, varies from run to run",
    words: "The time of an operation that did structural work counts for its cause, an interruption in it included. Steady is time without structural work: interruptions, cache misses." + (rows.some((row) => row.name === "unknown") ? " Unknown is what nobody outside of the map's program can tell." : "") + leftOut(shares),
    name: `tail-${group.index}`,
    columns: ["cell", "cause", "share"],
    rows: rows.map((row) => [row.label, row.name, row.share]),
    legend: el("div", { class: "chips" }, ...distinct(rows.map((row) => row.name)).map((cause) => el("span", { class: "chip" }, el("i", { class: "box", style: `background:${causeColour(cause)}` }), cause))),
    draw: (width) => shareBars(drawn, labels, width, causeColour, (cause) => (GROUND.includes(cause) ? "var(--ink)" : "var(--on)")),
  });
}
