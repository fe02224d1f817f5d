// Puts the page together.
"use strict";

function trouble(words) {
  const place = byId("trouble");
  place.textContent = words;
  place.hidden = false;
}

/** On paper nothing can be opened, and nothing comes into view. */
function paper() {
  const glossary = byId("glossary");
  const openGlossary = () => {
    const { open } = glossary;
    glossary.open = true;
    return () => { glossary.open = open; };
  };
  const undo = [];
  addEventListener("beforeprint", () => {
    // Not twice, should a browser not have said that it was done; and what one of them does is undone if the next one fails.
    if (!undo.length) for (const step of [openGlossary, takeOutRows, drawOnPaper]) undo.push(step());
  });
  addEventListener("afterprint", () => { for (const step of undo.splice(0)) step(); });
}

/** The link to the section that one reads is marked. */
function markPlace() {
  const links = new Map([...document.querySelectorAll(".bar nav a")].map((link) => [byId(link.hash.slice(1)), link]));
  const seen = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target);
    const first = [...links.keys()].find((section) => seen.has(section));
    for (const [section, link] of links) {
      if (section === first) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-30% 0px -65% 0px" });
  for (const section of links.keys()) observer.observe(section);
}

async function start() {
  themes();
  if (!("DecompressionStream" in globalThis)) {
    trouble("This browser is too old to unpack the data of this page (it has no DecompressionStream). The same figures are in results.md and results.csv.");
    return;
  }
  await load();
  showWhen();
  showFindings();
  showClock();
  view.cell = readView();
  showTable();
  exploreDefaults();
  showExplore();
  showStructure();
  paper();
  const explain = () => {
    if (!location.hash.startsWith("#metric-")) return;
    byId("glossary").open = true;
    byId(location.hash.slice(1))?.scrollIntoView();
  };
  addEventListener("hashchange", () => {
    explain();
    // An address that was pasted into this very page.
    if (location.hash.startsWith(VIEW)) location.reload();
  });
  // What is drawn on the way would push the place that one goes to further down.
  addEventListener("click", (event) => { if (event.target.closest?.('a[href^="#"]')) drawAll(); });
  explain();
  if (view.cell) showCell(view.cell);
  markPlace();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
  // The rest is unpacked once one can read; it is drawn when it comes into view, or when there is time.
  await new Promise((resolve) => setTimeout(resolve));
  await Promise.all([showLatency(), showMemory(), showStacks()]);
  document.documentElement.dataset.filled = "";
  drawAtLeisure();
}

start().catch((error) => {
  trouble(`The page could not be drawn: ${error.message}`);
  throw error;
});
