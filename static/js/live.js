/* Lists that keep themselves up to date without moving what someone is reading.
   While the list is in use, its rows change in place and new ones wait behind a button; otherwise it is simply swapped. */
"use strict";
(() => {
  const ROWS = "tbody > tr[id], [data-items] > [id]";
  const READING_MS = 15000;
  const TYPING_MS = 3000;
  const waiting = new Map(); // the section, or the piece of it that a stream sent → what waits for it
  const usedAt = new WeakMap(); // section → when someone last pointed or pressed a key in it
  let typedAt = -TYPING_MS;
  let isReleasing = false;

  const rowsOf = (root) => [...root.querySelectorAll(ROWS)];

  for (const type of ["pointermove", "pointerdown", "keydown", "focusin"])
    document.addEventListener(
      type,
      (event) => {
        const section = event.target.closest?.("[data-live]");
        if (section) usedAt.set(section, performance.now());
      },
      { passive: true },
    );
  document.addEventListener("input", () => (typedAt = performance.now()));

  function isInUse(place) {
    if (!rowsOf(place).length) return false;
    const section = place.closest("[data-live]");
    const now = performance.now();
    if (now - typedAt < TYPING_MS || place.querySelector("dialog[open], [popover]:popover-open")) return true;
    if (place.getBoundingClientRect().top < -40) return true;
    const isTouched = place.matches(":hover, :focus-within") || place.contains(getSelection().anchorNode);
    return isTouched && now - (usedAt.get(section) ?? -READING_MS) < READING_MS;
  }

  function replaceInPlace(old, fresh) {
    if (old.isEqualNode(fresh) || old.matches(":active") || old.querySelector(":focus:is(input, select, textarea)")) return;
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(fresh);
    htmx.process(fresh);
    if (hadFocus) fresh.querySelector("[data-row]")?.focus({ preventScroll: true });
  }

  function hold(section, place, ctx, fragment) {
    const fresh = new Map(rowsOf(fragment).map((row) => [row.id, row]));
    const old = rowsOf(place);
    const known = new Set(old.map((row) => row.id));
    const added = [...fresh].filter(([id, row]) => !known.has(id) && !row.matches(".tiles > *")).length;
    old.forEach((row, index) => {
      if (fresh.has(row.id)) replaceInPlace(row, fresh.get(row.id));
      else if (index < old.length - added) row.classList.add("is-gone"); // the last ones only moved to the next page
    });
    waiting.set(place, ctx);
    const button = section.querySelector(".live-new");
    if (button && added) {
      button.textContent = section.dataset.newWords.replace("{n}", added);
      button.hidden = false;
    }
  }

  async function release(place) {
    const ctx = waiting.get(place);
    waiting.delete(place);
    if (!ctx || !place.isConnected) return;
    isReleasing = true;
    try {
      await htmx.swap(ctx);
    } finally {
      isReleasing = false;
    }
  }

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = event.detail;
    const section = ctx.sourceElement;
    if (!section?.matches?.("[data-live]")) return;
    if (htmx.config.noSwap.includes(ctx.response.status)) return; // nothing changed: what waits goes on waiting
    if (ctx.response.status >= 400) return event.preventDefault();
    const fragment = tasks.find((task) => task.type === "main")?.fragment;
    if (!fragment) return;
    const place = ctx.target instanceof Element ? ctx.target : section;
    if (!isReleasing && isInUse(place)) {
      event.preventDefault();
      return hold(section, place, ctx, fragment.cloneNode(true));
    }
    for (const other of waiting.keys()) if (place.contains(other)) waiting.delete(other);
    const known = new Set(rowsOf(place).map((row) => row.id));
    if (known.size) rowsOf(fragment).forEach((row) => known.has(row.id) || row.classList.add("is-new"));
  });

  document.addEventListener("click", (event) => {
    const section = event.target.closest(".live-new")?.closest("[data-live]");
    if (!section) return;
    for (const place of [...waiting.keys()]) if (section.contains(place)) release(place);
    event.target.hidden = true;
    if (section.getBoundingClientRect().top < 0) section.scrollIntoView({ block: "start" });
  });

  setInterval(() => {
    for (const place of [...waiting.keys()]) if (!place.isConnected) waiting.delete(place);
      else if (!isInUse(place)) release(place);
  }, 1000);
})();
