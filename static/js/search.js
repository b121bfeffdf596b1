/* Search by keyboard: the words keep the focus, arrows choose a hit, Enter opens it. Without this the form sends and links open. */
"use strict";
(() => {
  const words = document.getElementById("search-words");
  const results = () => document.getElementById("search-results");
  const hits = () => [...document.querySelectorAll("#search-hits [role=option]")];
  const chosen = () => hits().find((hit) => hit.ariaSelected === "true");

  function choose(hit) {
    for (const other of hits()) other.ariaSelected = String(other === hit);
    words.setAttribute("aria-activedescendant", hit?.id ?? "");
    hit?.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = hits();
    const next = all[all.indexOf(chosen()) + by];
    if (next) choose(next);
  }

  words.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter" && chosen() && isAsked()) chosen().click();
    else return; // Enter before the answer is there: the form goes, and a number leads straight to its page
    event.preventDefault();
  });

  const showAnswer = () => {
    words.setAttribute("aria-expanded", String(hits().length > 0));
    words.setAttribute("aria-activedescendant", chosen()?.id ?? "");
  };
  const isAsked = () => words.value.trim() === results().dataset.typed.trim();
  document.addEventListener("htmx:after:swap", showAnswer);
  document.addEventListener("htmx:after:init", (event) => {
    if (event.target === words.form && !isAsked()) words.dispatchEvent(new Event("input", { bubbles: true })); // typed while the page was coming
  });
  showAnswer();
  words.setSelectionRange(words.value.length, words.value.length);
})();
