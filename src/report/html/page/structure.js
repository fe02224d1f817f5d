// How entries lie in buckets, how long chains are, and how long one looks for an entry.
"use strict";

const structure = { group: 0, kind: "occupancy" };
const PANELS_MAX = 12;
const BARS_MAX = 40;

/** What there is a distribution of: its name, what is counted, along which axis; `chance` where it has a law to lie beside. */
const DISTRIBUTIONS = {
  occupancy: {
    label: "entries in a bucket", of: "buckets", axis: "entries in a bucket", chance: true,
    title: (label, longest, mean) => `${label}'s fullest bucket holds ${longest} ${longest === "1" ? "entry" : "entries"}, the average one ${mean}`,
    words: "A bucket is counted with the chain that hangs on it. Open dots are a Poisson distribution of the same mean: what chance alone gives where keys go to one bucket each.",
  },
  chain_lengths: {
    label: "length of chains", of: "chains", axis: "buckets or nodes in a chain",
    title: (label, longest, mean) => `${label}'s longest chain is of ${longest}, the average one of ${mean}`,
    words: "Buckets of several slots in go-classic, nodes of one entry in java-hashmap and redis-dict; the first is counted. An empty bucket of nodes has a chain of 0.",
  },
  hit_probe_lengths: {
    label: "keys looked at", of: "entries", axis: "keys looked at by a successful lookup",
    title: (label, longest, mean) => `To find an entry, ${label} looks at up to ${longest} ${longest === "1" ? "key" : "keys"}, on average at ${mean}`,
    words: "Every live entry is looked for once. Each entry on the way counts, also where a piece of its hash already told it apart; an entry of a tree counts its depth.",
  },
  hit_group_lengths: {
    label: "groups looked at", of: "entries", axis: "groups of slots looked at by a successful lookup",
    title: (label, longest, mean) => `To find an entry, ${label} looks at up to ${longest} ${longest === "1" ? "group" : "groups"}, on average at ${mean}`,
    words: "Every live entry is looked for once; a group of slots is looked at with a few instructions.",
  },
};

function showStructure() {
  const view = byId("structure-view");
  const has = (kind) => (cell) => cell.distributions?.[kind];
  const groups = run.groups.filter((group) => group.cells.some((cell) => cell.distributions));
  if (!groups.length) return view.append(nothing(run.cells.some((cell) => cell.counted) ? "No map of this run tells how its buckets are filled." : "No structure: the count pass was not run, or no cell was done with it."));
  structure.group = mostTellingGroup(groups);
  const fill = () => {
    const group = run.groups[structure.group];
    const kinds = Object.entries(DISTRIBUTIONS).filter(([kind]) => group.cells.some(has(kind)));
    if (!kinds.some(([kind]) => kind === structure.kind)) [[structure.kind]] = kinds;
    const chosen = (control, parse = String) => (value) => {
      structure[control] = parse(value);
      fill();
      view.querySelector(`[data-control="${control}"] select`)?.focus();
    };
    const named = (control, field) => { field.dataset.control = control; return field; };
    view.replaceChildren(
      el("div", { class: "controls" },
        groups.length > 1 && named("group", select("Workload", groups.map((group) => [group.index, group.name]), structure.group, chosen("group", Number))),
        kinds.length > 1 && named("kind", select("Distribution of", kinds.map(([kind, { label }]) => [kind, label]), structure.kind, chosen("kind")))),
      distributionFigure(group, structure.kind));
  };
  fill();
}

/** Shares, and those of a Poisson distribution of the same mean where chance has a say. */
function distributionOf(cell, kind) {
  const list = cell.distributions[kind];
  const all = d3.sum(list, ([, count]) => count);
  const mean = all ? d3.sum(list, ([n, count]) => n * count) / all : 0;
  const longest = d3.max(list, ([n]) => n) ?? 0;
  const counts = new Map(list);
  let chance = Math.exp(-mean);
  const rows = [];
  for (let n = 0; n <= longest; n++) {
    if (n > 0) chance *= mean / n;
    const count = counts.get(n) ?? 0;
    if (n <= BARS_MAX || count > 0) rows.push({ n, share: count / (all || 1), count, chance: DISTRIBUTIONS[kind].chance ? chance : null });
  }
  return { cell, all, mean, longest, rows };
}

function distributionFigure(group, kind) {
  const { of, axis, chance, title, words } = DISTRIBUTIONS[kind];
  const all = group.cells.filter((cell) => cell.distributions?.[kind]).map((cell) => distributionOf(cell, kind));
  const shown = all.slice(0, PANELS_MAX);
  const longest = all.reduce((a, b) => (b.longest > a.longest ? b : a));
  return figure({
    title: title(longest.cell.label, longest.longest.toLocaleString("en-US"), plain(longest.mean)),
    unit: `share of the ${of} by ${axis} · exact`,
    words: `${words}${all.length < group.cells.length ? ` Told by ${all.length} of the ${group.cells.length} cells.` : ""}${all.length > shown.length ? ` The first ${PANELS_MAX} of ${all.length} cells are drawn; the data has all.` : ""}${shown.some(({ longest }) => longest > BARS_MAX) ? ` What is beyond ${BARS_MAX} is not drawn; the data has it.` : ""}`,
    name: `${kind}-${group.index}`,
    columns: ["cell", axis.replaceAll(" ", "_"), of, "share", ...(chance ? ["poisson_share"] : [])],
    rows: all.flatMap(({ cell, rows }) => rows.map((row) => [cell.label, row.n, row.count, row.share, ...(chance ? [row.chance] : [])])),
    draw: (width) => {
      const top = Math.min(1, 1.06 * d3.max(shown, ({ rows }) => d3.max(rows, (row) => Math.max(row.share, row.chance ?? 0))));
      return panels(shown, width, 300, (one, each) => {
        const bars = one.rows.filter(({ n }) => n <= BARS_MAX);
        return el("div", { class: "panel" }, el("h4", {}, one.cell.label, el("small", {}, ` ${one.all.toLocaleString("en-US")} ${of}, ${plain(one.mean)} each`)),
        Plot.plot({
          width: each, height: 200, marginLeft: 44, marginBottom: 34, marginTop: 26, style: FONT,
          x: { type: "band", label: `${axis} →`, ticks: d3.ticks(0, bars.length - 1, Math.min(bars.length, 9)).filter(Number.isInteger), padding: 0.15 },
          y: { domain: [0, top], tickFormat: "%", ticks: 4, grid: true, label: `↑ share of ${of}` },
          marks: [
            Plot.barY(bars, { x: "n", y: "share", fill: "var(--bar)", title: (row) => `${row.count.toLocaleString("en-US")} ${of} with ${row.n}: ${percent(row.share)}` }),
            chance && Plot.dot(bars, { x: "n", y: "chance", r: 3, stroke: "var(--ink)", fill: "var(--paper)" }),
            Plot.ruleY([0], { stroke: "var(--muted)" }),
          ],
        }));
      });
    },
  });
}
