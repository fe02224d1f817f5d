// How many entries buckets hold, beside what chance alone would give.
"use strict";

const structure = { group: 0 };
const PANELS_MAX = 12;

function showStructure() {
  const view = byId("structure-view");
  const groups = run.groups.filter((group) => group.cells.some((cell) => cell.occupancy));
  if (!groups.length) return view.append(el("p", { class: "notice" }, run.cells.some((cell) => cell.counted) ? "No map of this run tells how its buckets are filled." : "No structure: the count pass was not run."));
  structure.group = mostTellingGroup(groups);
  const fill = () => {
    view.replaceChildren(
      groups.length > 1 && el("div", { class: "controls" }, select("Workload", groups.map((group) => [group.index, group.name]), structure.group, (value) => { structure.group = Number(value); fill(); view.querySelector("select")?.focus(); })) || "",
      occupancyFigure(run.groups[structure.group]));
  };
  fill();
}

/** Shares of the buckets by entries, and what a Poisson distribution of the same mean has. */
function occupancyOf(cell) {
  const buckets = d3.sum(cell.occupancy, ([, count]) => count);
  const entries = d3.sum(cell.occupancy, ([n, count]) => n * count);
  const mean = entries / buckets;
  const longest = d3.max(cell.occupancy, ([n]) => n);
  const counts = new Map(cell.occupancy);
  const BARS_MAX = 40;
  const poisson = [Math.exp(-mean)];
  for (let n = 1; n <= Math.min(longest, BARS_MAX); n++) poisson.push((poisson[n - 1] * mean) / n);
  const rows = poisson.map((chance, n) => ({ n, share: (counts.get(n) ?? 0) / buckets, count: counts.get(n) ?? 0, chance }));
  return { cell, buckets, entries, mean, longest, rows };
}

function occupancyFigure(group) {
  const all = group.cells.filter((cell) => cell.occupancy).map(occupancyOf);
  const shown = all.slice(0, PANELS_MAX);
  const longest = all.reduce((a, b) => (b.longest > a.longest ? b : a));
  return figure({
    title: `${longest.cell.label}'s fullest bucket holds ${longest.longest} ${longest.longest === 1 ? "entry" : "entries"}; on average it is ${plain(longest.mean)}`,
    unit: "share of the buckets by the entries they hold · exact",
    words: `Open dots are a Poisson distribution of the same mean: what chance alone gives where keys go to one bucket each. ${all.length > shown.length ? `The first ${PANELS_MAX} of ${all.length} cells are drawn; the data has all.` : ""}`,
    name: `occupancy-${group.index}`,
    columns: ["cell", "entries_in_bucket", "buckets", "share", "poisson_share"],
    rows: all.flatMap(({ cell, rows }) => rows.map((row) => [cell.label, row.n, row.count, row.share, row.chance])),
    draw: (width) => {
      const top = d3.max(shown, ({ rows }) => d3.max(rows, (row) => Math.max(row.share, row.chance)));
      return panels(shown, width, 300, (one, each) => el("div", { class: "panel" },
        el("h4", {}, one.cell.label, el("small", {}, ` ${one.buckets.toLocaleString("en-US")} buckets, ${plain(one.mean)} each`)),
        Plot.plot({
          width: each, height: 190, marginLeft: 44, marginBottom: 34, marginTop: 14, style: FONT,
          x: { type: "band", label: "entries in a bucket →", ticks: d3.ticks(0, one.rows.length - 1, Math.min(one.rows.length, 9)).filter(Number.isInteger), padding: 0.15 },
          y: { domain: [0, top], tickFormat: "%", ticks: 4, grid: true, label: null },
          marks: [
            Plot.barY(one.rows, { x: "n", y: "share", fill: "var(--bar)", title: (row) => `${row.count.toLocaleString("en-US")} buckets with ${row.n}: ${percent(row.share)}` }),
            Plot.dot(one.rows, { x: "n", y: "chance", r: 3, stroke: "var(--ink)", fill: "var(--paper)" }),
            Plot.ruleY([0], { stroke: "var(--muted)" }),
          ],
        })));
    },
  });
}
