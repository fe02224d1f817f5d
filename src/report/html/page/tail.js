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
    unit: "share of the time above p99.9 of all operations, by cause · measured, varies from run to run",
    words: "The time of an operation that did structural work counts for its cause, an interruption in it included. Steady is time without structural work: interruptions, cache misses." + (rows.some((row) => row.cause === "unknown") ? " Unknown is what nobody outside of the map's program can tell." : "") + (left_out ? ` The first ${CELLS_MAX} cells are drawn; the data has ${left_out} more.` : ""),
    name: `tail-${group.index}`,
    columns: ["cell", "cause", "share"],
    rows: rows.map((row) => [row.label, row.cause, row.share]),
    legend: el("div", { class: "chips" }, ...distinct(rows.map((row) => row.cause)).map((cause) => el("span", { class: "chip" }, el("i", { class: "box", style: `background:${causeColour(cause)}` }), cause))),
    draw: (width) => {
      const left = Math.min(width * 0.4, 20 + 6.9 * d3.max(labels, (label) => label.length));
      const wide = (row) => row.share * (width - left - 12) > row.cause.length * 7.2 + 10;
      return Plot.plot({
        width, height: 40 + 28 * labels.length, marginLeft: left, marginRight: 12, marginTop: 24, marginBottom: 8, style: FONT,
        x: { domain: [0, 1], axis: "top", tickFormat: "%", ticks: 5, label: null },
        y: { domain: labels, label: null, tickSize: 0, tickFormat: (name) => (name.length * 6.9 > left ? `${name.slice(0, Math.floor(left / 6.9) - 2)}…` : name) },
        marks: [
          Plot.barX(drawn, { x: "share", y: "label", fill: (row) => causeColour(row.cause), stroke: "var(--paper)", strokeWidth: 1.5, insetTop: 3, insetBottom: 3, order: null, title: (row) => `${row.label}: ${row.cause} ${percent(row.share)}` }),
          Plot.textX(drawn, Plot.stackX({ x: "share", y: "label", text: (row) => (wide(row) ? row.cause : ""), fill: (row) => (GROUND.includes(row.cause) ? "var(--ink)" : "var(--on)"), fontWeight: 600 })),
        ],
      });
    },
  });
}
