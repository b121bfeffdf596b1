/* Taking a call by keyboard: offers while one types, the card, the keys. Loaded after keeping.js; the page works without both. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = () => byId("intake-form");
  const field = (name) => form().elements[name];
  const find = () => byId("q");
  const list = () => byId("intake-matches");
  const offers = () => [...list().querySelectorAll("[role=option]")];
  let waitsForOffers = false; // Enter was pressed before the answer came; what is typed meanwhile is what it is about
  let outcomeAfterwards = ""; // … and the call was sent off before it came, too
  let pasted = "";
  let waitsForMachines = false;
  let isPriorityChosen = false;
  const filled = new Map(); // field → what we wrote into it, so that it may be written over

  /* --- offers ------------------------------------------------------------ */

  function isFresh() {
    const typed = list().dataset.typed.trim();
    return typed !== "" && (typed === find().value.trim() || typed === pasted.trim());
  }

  function select(option) {
    offers().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
    if (option) find().setAttribute("aria-activedescendant", option.id);
    else find().removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  const selected = () => offers().find((one) => one.ariaSelected === "true");

  function showOffers() {
    offers().forEach((one) => (one.tabIndex = -1));
    select(offers()[0]);
    find().setAttribute("aria-expanded", String(offers().length > 0));
    if (waitsForOffers && isFresh()) {
      if (selected()) choose(selected());
      else find().focus();
      waitNoLonger();
    }
  }

  function waitNoLonger() {
    waitsForOffers = false;
    if (outcomeAfterwards) submit(outcomeAfterwards);
    outcomeAfterwards = "";
  }

  function closeOffers() {
    list().hidden = true;
    find().setAttribute("aria-expanded", "false");
    select(null);
  }

  function moveSelection(step) {
    const all = offers();
    const next = all[(all.indexOf(selected()) + step + all.length) % all.length];
    if (next) select(next);
  }

  /* --- choosing ---------------------------------------------------------- */

  function write(name, value) {
    field(name).value = value;
    filled.set(name, value);
  }

  const isOurs = (name) => field(name).value === "" || filled.get(name) === field(name).value;

  function choose(button) {
    const colon = button.value.indexOf(":");
    const [kind, key] = [button.value.slice(0, colon), button.value.slice(colon + 1)];
    if (kind === "phone") write("caller_phone", key);
    else if (kind === "name") write("caller_name", key);
    else {
      if (kind === "machine") write("machine", button.dataset.machine);
      else if (field("customer").value !== button.dataset.customer) write("machine", "");
      write("customer", button.dataset.customer);
      if (kind === "contact") write("contact_id", key);
    }
    find().value = pasted = "";
    closeOffers();
    list().replaceChildren();
    waitsForMachines = kind === "customer" || kind === "site" || (kind === "contact" && !field("machine").value);
    about();
    intakeKeeping.typed();
    if (document.activeElement === field("title") && field("title").value) return;
    if (kind === "phone" && !field("caller_name").value) field("caller_name").focus();
    else field("title").focus();
  }

  const about = () => htmx.trigger(byId("intake-card"), "about");

  function takeOver() {
    const card = byId("intake-card");
    const known = JSON.parse(card.dataset.fill || "{}");
    if (known.customer && isOurs("customer")) write("customer", known.customer);
    if (field("contact_id").value) for (const name of ["caller_name", "caller_phone"]) if (known[name] && isOurs(name)) write(name, known[name]);
    suggestPriority();
    const first = card.querySelector("[data-machines] button");
    if (waitsForMachines && first && document.activeElement === field("title") && !field("title").value) first.focus();
    waitsForMachines = false;
  }

  function suggestPriority() {
    if (isPriorityChosen) return;
    const kind = form().querySelector("[name=kind]:checked");
    const wanted = byId("intake-card").dataset.raised ?? kind?.dataset.priority;
    const choice = wanted && form().querySelector(`[name=priority][value=${wanted}]`);
    if (choice) choice.checked = true;
  }

  /* --- pasted messages --------------------------------------------------- */

  const isMessage = (text) => text.trim().includes("\n") || text.trim().length > 40;

  function paste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isMessage(text) || !/\d{4}/.test(text)) return;
    const intoFind = event.target === find();
    if (!intoFind && (event.target !== field("text") || field("machine").value || field("customer").value)) return;
    if (intoFind) {
      event.preventDefault();
      field("text").value = [field("text").value, text.trim()].filter(Boolean).join("\n");
      intakeKeeping.typed();
    }
    pasted = text;
    htmx.ajax("POST", "/tickets/new/matches", { source: "#q", target: "#intake-matches", swap: "outerHTML", values: { q: text } }).then(() => find().focus());
  }

  /* --- keys -------------------------------------------------------------- */

  function press(event) {
    if (event.isComposing || event.defaultPrevented || !form()) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey) return pressAccessKey(event);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return sendOff(event);
    if (event.ctrlKey || event.metaKey) return;
    if (event.target === find()) return pressInFind(event);
    const machines = event.target.closest?.("[data-machines]");
    if (machines) return pressInMachines(event, machines);
    if (event.key === "Enter" && event.target.form === form() && event.target.matches("input:not([type=checkbox], [type=file])")) {
      event.preventDefault();
      goOnFrom(event.target);
    }
  }

  /* Browsers want other keys beside the letter, and what a letter is changes with the way Chinese is typed: the place of the key decides. */
  function pressAccessKey(event) {
    const key = event.code.replace(/^(Key|Digit)/, "").toLowerCase();
    const element = /^[a-z0-9]$/.test(key) && document.querySelector(`#intake [accesskey="${key}"]`);
    if (!element) return;
    event.preventDefault();
    element.click();
  }

  function sendOff(event) {
    if (!event.target.closest("#intake")) return;
    event.preventDefault();
    const outcome = event.target.closest(".solved") ? "solved" : "dispatch";
    if (waitsForOffers) outcomeAfterwards = outcome;
    else submit(outcome);
  }

  const submit = (outcome) => form().requestSubmit(form().querySelector(`[name=outcome][value=${outcome}]`));

  function pressInFind(event) {
    const isOpen = !list().hidden && offers().length > 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (isOpen) moveSelection(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      if (!find().value.trim() && !isOpen) goOnFrom(find());
      else if (isOpen && isFresh() && selected()) choose(selected());
      else {
        waitsForOffers = true;
        htmx.trigger(find(), "look");
        field("title").focus();
      }
    } else if (event.key === "Escape" && isOpen) closeOffers();
    else return;
    event.preventDefault();
  }

  function pressInMachines(event, machines) {
    const all = [...machines.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = all.find((one) => one.dataset.number === event.key);
    if (chosen) choose(chosen);
    else if (step) all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    else if (event.key === "Escape") field("title").focus();
    else return;
    event.preventDefault();
  }

  function goOnFrom(element) {
    const stops = [...form().querySelectorAll("input:not([type=hidden], [type=file], [type=checkbox]), textarea")].filter(
      (one) => one.checkVisibility() && (one.type !== "radio" || one.checked),
    );
    stops[stops.indexOf(element) + 1]?.focus();
  }

  /* --- what the page says ------------------------------------------------- */

  function prepare() {
    if (!form()) return;
    find().closest(".find").classList.add("is-live");
    byId("intake-files").querySelector("[data-upload]").classList.add("is-live"); // a form that came back has lost it
    for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": "intake-matches", "aria-autocomplete": "list" })) find().setAttribute(name, value);
    find().setAttribute("aria-expanded", String(offers().length > 0));
  }

  document.addEventListener("keydown", press, { capture: true });
  document.addEventListener("paste", paste);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#intake .match");
    if (!button) return event.target.closest(".find") || (list() && closeOffers());
    event.preventDefault();
    choose(button);
  });
  document.addEventListener("focusin", ({ target }) => {
    if (form() && !target.closest(".find")) closeOffers();
    else if (target === find() && offers().length) list().hidden = false;
  });
  document.addEventListener("change", ({ target }) => {
    if (target.form !== form()) return;
    if (target.name === "priority") isPriorityChosen = true;
    if (target.name === "customer") write("contact_id", "");
    if (target.name === "kind") suggestPriority();
    if (["machine", "customer", "caller_phone", "kind"].includes(target.name)) about();
  });
  document.addEventListener("toggle", ({ target }) => target.matches?.(".solved[open]") && target.querySelector("textarea").focus(), { capture: true });

  const isOurRequest = (ctx) => ctx?.request?.method === "POST" && ctx.sourceElement?.closest?.("#intake, #intake-form") && ctx.request.action !== "/tickets/new/matches" && !ctx.sourceElement.closest("#intake-drafts form, #intake-files");
  document.addEventListener("htmx:before:request", ({ detail }) => isOurRequest(detail.ctx) && intakeKeeping.stop());
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (!isOurRequest(detail.ctx)) return;
    if (detail.ctx.hx?.redirect) intakeKeeping.forget(field("draft").value);
    else intakeKeeping.goOn();
  });
  document.addEventListener("htmx:error", ({ detail }) => waitsForOffers && detail.ctx?.sourceElement === find() && waitNoLonger());
  document.addEventListener("htmx:after:swap", (event) => {
    if (!form()) return;
    const target = event.detail.ctx?.target;
    if (target?.id === "intake-matches") showOffers();
    else if (target?.id === "intake-card") takeOver();
    prepare();
  });

  prepare();
  if (offers().length) showOffers();
  takeOver();
  intakeKeeping.bringBack();
})();
