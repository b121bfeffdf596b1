/* What is typed into the intake is kept: on the server while one types, on this computer while the network or the session is away. */
"use strict";
const intakeKeeping = (() => {
  const KEEP_AFTER_MS = 700;
  const AGAIN_MS = 8000;
  const intake = () => document.getElementById("intake");
  const form = () => document.getElementById("intake-form");
  const prefix = () => `intake:${intake().dataset.user}:`;
  let timer, again, isDirty = false, isAway = false, isStopped = false, sent = 0;

  function words() {
    const all = new FormData(form());
    for (const [name, value] of [...all]) if (value instanceof File) all.delete(name);
    return new URLSearchParams(all);
  }

  function say(text) {
    const line = document.getElementById("intake-kept");
    line.textContent = text;
    line.classList.add("is-lost");
  }

  /* The copy on this computer stands only while the server has not confirmed it. */
  function copyHere(body) {
    try {
      localStorage.setItem(prefix() + form().elements.draft.value, body.toString());
    } catch {
      /* a full or forbidden storage: the server's draft is still there */
    }
  }

  const forget = (id) => localStorage.removeItem(prefix() + id);

  function show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("intake-kept");
    if (!fresh) return;
    document.getElementById("intake-kept").replaceWith(fresh);
    const { draft, seen } = fresh.dataset;
    if (draft && draft !== form().elements.draft.value) {
      form().elements.draft.value = draft; // these words have a draft of their own now
      document.getElementById("intake-drafts").setAttribute("hx-get", `/tickets/drafts?besides=${draft}`);
      htmx.trigger("#intake-drafts", "refresh");
    }
    if (seen) form().elements.seen.value = seen;
  }

  async function post(body, address = "/tickets/drafts") {
    const answer = await fetch(address, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
    return { status: answer.status, text: await answer.text() };
  }

  /* After signing in beside this window the form's token is an old one. */
  async function renewToken() {
    const answer = await fetch(`/tickets/drafts?besides=${form().elements.draft.value}`, { headers: { "HX-Request": "true" } });
    const list = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("intake-drafts");
    if (!list) return false;
    form().elements.csrf_token.value = list.dataset.token;
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": list.dataset.token }));
    return true;
  }

  async function keep() {
    clearTimeout(timer);
    clearTimeout(again);
    if (isStopped || !form()) return;
    const turn = (form().elements.turn.value = Number(form().elements.turn.value || 0) + 1);
    const id = form().elements.draft.value;
    const body = words();
    isDirty = false;
    copyHere(body);
    sent = turn;
    try {
      let answer = await post(body);
      if ((answer.status === 401 || answer.status === 400) && (await renewToken())) answer = await post(words());
      if (answer.status !== 200 && answer.status !== 409) return away(answer.status === 401 ? "ended" : "lost");
      isAway = false;
      if (sent === turn) forget(id);
      if (form()) show(answer.text);
    } catch {
      away("lost");
    }
  }

  function away(why) {
    isAway = true;
    if (!intake()) return;
    say(intake().dataset[why]);
    again = setTimeout(keep, AGAIN_MS);
  }

  function typed() {
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(keep, KEEP_AFTER_MS);
  }

  function stop() {
    isStopped = true;
    clearTimeout(timer);
    clearTimeout(again);
  }

  function goOn() {
    isStopped = false;
    if (isDirty) typed();
  }

  function leave() {
    if (isStopped || !form() || !(isDirty || isAway)) return;
    form().elements.turn.value = Number(form().elements.turn.value || 0) + 1;
    const body = words();
    copyHere(body);
    navigator.sendBeacon("/tickets/drafts", body);
  }

  /* Copies that a crash or a dead network left behind: this call's own goes back into the form, the others to the server. */
  async function bringBack() {
    const left = Object.keys(localStorage).filter((key) => key.startsWith(prefix()));
    for (const key of left) {
      const body = new URLSearchParams(localStorage.getItem(key));
      if (body.get("draft") === form().elements.draft.value) fillIn(body);
      else await hand(key, body);
    }
    const list = document.getElementById("intake-drafts");
    if (left.length && list) htmx.trigger(list, "refresh");
  }

  async function hand(key, body) {
    body.set("csrf_token", form().elements.csrf_token.value);
    try {
      const { status } = await post(body);
      if (status === 200 || status === 409 || status === 404) localStorage.removeItem(key);
    } catch {
      away("lost");
    }
  }

  function fillIn(body) {
    for (const element of form().elements) {
      if (["csrf_token", "seen", "page"].includes(element.name) || !body.has(element.name)) continue;
      if (element.type === "radio" || element.type === "checkbox") element.checked = body.getAll(element.name).includes(element.value);
      else if (element.type !== "file" && element.tagName !== "BUTTON") element.value = body.get(element.name);
    }
    keep();
  }

  /* Files go to the draft as soon as they are pasted or chosen. */
  let isHandingIn = false;
  async function handIn() {
    const place = document.getElementById("intake-files");
    const field = place?.querySelector("[data-upload]");
    const files = field?.chosen ?? [];
    if (!files.length || isHandingIn || isStopped || field.querySelector(".is-refused")) return;
    isHandingIn = true;
    try {
      form().elements.turn.value = Number(form().elements.turn.value || 0) + 1;
      const body = new FormData();
      for (const [name, value] of words()) body.append(name, value);
      for (const file of files) body.append("files", file);
      const { status, text } = await post(body, place.dataset.handIn);
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("intake-files");
      if (fresh && (status === 200 || status === 422)) {
        place.replaceWith(fresh);
        htmx.process(fresh);
        document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: {} }));
      }
    } catch {
      away("lost"); // they stay in the field and go with the form
    } finally {
      isHandingIn = false;
    }
  }

  new MutationObserver((changes) => {
    if (changes.some(({ target }) => target.matches?.("[data-upload-list]"))) handIn();
  }).observe(document.body, { childList: true, subtree: true });

  document.addEventListener("input", ({ target }) => target.form?.id === "intake-form" && typed());
  document.addEventListener("focusout", ({ target }) => target.form?.id === "intake-form" && isDirty && keep());
  addEventListener("pagehide", leave);
  addEventListener("online", () => isAway && keep());
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : isAway && keep()));
  addEventListener("focus", () => isAway && keep());

  return { typed, stop, goOn, bringBack, forget };
})();
