/* What HTML cannot do alone: keys, rows that open, copying, toasts, the theme without a reload. Pages work without it. */
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const toasts = document.getElementById("toasts");

  /* Toasts */
  const SHOWN_MS = 8000;

  function keepShort(toast) {
    const text = toast.textContent;
    all(".toast", toasts).filter((other) => other !== toast && other.textContent === text).forEach((other) => other.remove());
    if (toast.classList.contains("error")) return;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, SHOWN_MS) : toast.remove());
    setTimeout(leave, SHOWN_MS);
  }

  function say(text, tone = "message") {
    const toast = document.createElement("div");
    toast.className = `toast ${tone}`;
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "quiet", textContent: "×", ariaLabel: toasts.dataset.close });
    close.dataset.closes = "";
    toast.append(words, close);
    toasts.append(toast);
  }

  if (toasts) {
    all(".toast", toasts).forEach(keepShort);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const node of addedNodes) if (node.classList?.contains("toast")) keepShort(node);
    }).observe(toasts, { childList: true });
  }
  document.addEventListener("htmx:error", ({ detail }) => {
    if (!detail.ctx?.sourceElement?.matches("[data-live]") && detail.ctx?.request) say(toasts.dataset.lost, "error");
  });

  /* Ages grow while a page stays open. */
  const [NOW, ...UNITS] = document.body.dataset.ages.split("|");
  const SIZES_S = [60, 3600, 86400];

  function age(seconds) {
    const unit = SIZES_S.findLastIndex((size) => seconds >= size);
    return unit < 0 ? NOW : UNITS[unit].replace("0", Math.floor(seconds / SIZES_S[unit]));
  }

  setInterval(() => {
    for (const time of all("time[data-age]")) {
      const words = age((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (time.firstChild.data !== words) time.firstChild.data = words;
    }
  }, 15000);

  /* Clicks */
  function openRow(event) {
    const row = event.target.closest("tr");
    const link = row?.querySelector("[data-row]");
    if (!link || event.target.closest("a, button, input, label, select, summary") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank");
    else link.click();
  }

  /* A filter that answers while one chooses changes the address alone: what is exported is what is shown. */
  function exportAsFiltered(link) {
    if (!link.pathname.startsWith(`${location.pathname}.`)) return;
    const query = new URLSearchParams(location.search);
    ["after", "before"].forEach((name) => query.delete(name));
    link.search = query;
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    let found;
    if ((found = on("[data-copy]"))) navigator.clipboard.writeText(found.dataset.copy).then(() => say(toasts.dataset.copied));
    else if ((found = on("[data-closes]"))) found.closest(".toast").remove();
    else if (on("[data-prints]")) window.print();
    else if ((found = on(".exports a"))) exportAsFiltered(found);
    else openRow(event);
  });

  if (!("commandForElement" in HTMLButtonElement.prototype)) {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[commandfor]");
      const dialog = button && document.getElementById(button.getAttribute("commandfor"));
      if (dialog) button.getAttribute("command") === "close" ? dialog.close() : dialog.showModal();
    });
  }

  const showCopyButtons = () => navigator.clipboard && all("[data-copy][hidden]").forEach((button) => (button.hidden = false));
  showCopyButtons();
  document.addEventListener("htmx:after:swap", showCopyButtons);

  /* Forms: a second press while the first is on its way sends nothing. */
  const AGAIN_MS = 4000;
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.preference === "theme") changeTheme(event);
    if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post]")) return;
    if (sent.has(form)) event.preventDefault();
    sent.add(form);
    setTimeout(() => sent.delete(form), AGAIN_MS);
  });

  function changeTheme(event) {
    event.preventDefault();
    const theme = event.submitter.value;
    document.documentElement.dataset.theme = theme;
    fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target, event.submitter)), redirect: "manual" });
  }

  /* Keys. data-key="n" or data-key="g t" stands on the link, button or field that the key means; data-row-key="a" on one of the chosen row. */
  const KEYS_OFF = "keys-off";
  const keysSwitch = document.querySelector("[data-keys-switch]");
  const keysAreOff = () => localStorage.getItem(KEYS_OFF) !== null;
  let before = "";

  const isTyping = (element) => element.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
  const isShown = (element) => element.checkVisibility() || element.closest("[popover]");

  function press(key) {
    const element = all("[data-key]").find((candidate) => candidate.dataset.key === key && isShown(candidate));
    if (!element) return false;
    if (element.matches("input, select, textarea")) {
      element.focus();
      element.select?.();
    } else element.click();
    return true;
  }

  /* Arrows move from row to row; where none is chosen they scroll, as everywhere. */
  const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
  const isForRows = ({ key, target }) => key.length === 1 || (!target.matches("[type=radio]") && Boolean(chosenRow()?.querySelector("[data-row]")));
  const chosenRow = () => document.activeElement.closest("tr, li, article");

  function pressInRow(key) {
    const element = all("[data-row-key]", chosenRow() ?? document.createElement("p")).find((candidate) => candidate.dataset.rowKey === key);
    element?.click();
    return Boolean(element);
  }

  /* What was pressed may be gone from its row after the answer: the focus stays in that row. */
  let rowInUse, placeInUse;
  const rowLinks = () => all("[data-row]").filter((row) => row.checkVisibility());
  document.addEventListener("htmx:before:swap", () => {
    const row = chosenRow();
    rowInUse = row?.id;
    placeInUse = row ? rowLinks().indexOf(row.querySelector("[data-row]")) : -1;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!rowInUse || document.activeElement !== document.body) return;
    const next = placeInUse < 0 ? undefined : rowLinks()[placeInUse] ?? rowLinks().at(-1); // the row is done: the one that took its place
    (document.getElementById(rowInUse)?.querySelector("[data-row], a") ?? next)?.focus({ preventScroll: true });
  });

  function move(step) {
    const rows = rowLinks();
    const here = chosenRow()?.querySelector("[data-row]");
    const next = rows[here ? rows.indexOf(here) + step : step > 0 ? 0 : rows.length - 1];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return rows.length > 0;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (keysAreOff() || document.querySelector("dialog[open]")) return;
    const key = before + event.key;
    before = event.key === "g" && !before ? "g " : "";
    if (press(key) || pressInRow(key) || (STEPS[key] && isForRows(event) && move(STEPS[key]))) event.preventDefault();
  });

  const list = document.querySelector("[data-keys]");
  const listed = new Set();
  for (const element of list ? all("[data-key], [data-row-key]") : []) {
    const key = element.dataset.key ?? element.dataset.rowKey;
    if (listed.has(key)) continue;
    listed.add(key);
    const term = document.createElement("dt");
    for (const part of key.split(" ")) term.append(Object.assign(document.createElement("kbd"), { textContent: part }), " ");
    const words = element.dataset.keyWords || element.ariaLabel || element.placeholder || element.textContent.trim();
    list.append(term, Object.assign(document.createElement("dd"), { textContent: words }));
  }
  if (keysSwitch) {
    keysSwitch.checked = !keysAreOff();
    keysSwitch.addEventListener("change", () => (keysSwitch.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
  }
})();
