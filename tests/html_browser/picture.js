// Leaves of a report what a picture of it should show: what was run, what stands out, and two heat maps.
"use strict";

async function excerpt() {
  const only = (element, kept) => { for (const child of element.children) if (!kept(child)) child.hidden = true; };
  document.body.append(el("style", {}, `
    .bar { position: static; } main { padding: 0 28px 20px; } section, section.hero, section.hero + section { padding-top: 22px; }
    .findings li { padding-bottom: 0; } .mini { margin-top: 10px; } .chart { margin-bottom: 0; } .hero .lede { max-width: none; }
    .eyebrow, h1, .state, .facts, .findings .more, #latency > :not(#latency-view), .choose, .chart .words, .chart .actions { display: none; }`));
  only(one("main"), ({ id, className }) => className === "hero" || ["findings", "latency"].includes(id));
  const view = byId("latency-view");
  const [, heat] = [...view.children].filter((child) => child.querySelector(".chart"));
  only(view, (child) => child === heat);
  // The first map of the plan and the one that stalls longest, or the next.
  const drawn = [...heat.querySelectorAll(".choose [aria-pressed=true]")];
  const worst = drawn.find((chip) => heat.querySelector("h3").textContent.startsWith(`${chip.textContent} stalls longest`));
  const other = worst && worst !== drawn[0] ? worst : drawn[1];
  for (const chip of drawn) if (chip !== drawn[0] && chip !== other) chip.click();
  heat.scrollIntoView({ behavior: "instant" });
  await until("two heat maps", () => heat.querySelectorAll("svg g[aria-label=rect]").length >= 2);
  scrollTo({ top: 0, behavior: "instant" });
  return one("main").getBoundingClientRect().bottom;
}
