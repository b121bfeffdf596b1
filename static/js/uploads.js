/* Fields for files: paste, drop, small pictures of what is chosen, taking one out again, progress. The input itself does the sending. */
"use strict";
(() => {
  const FIELD = "[data-upload]";
  const SHOW_PROGRESS_BYTES = 1_000_000;
  const ready = new WeakSet();
  const mainInput = (field) => field.querySelector("input[type=file][multiple]");
  const filled = (words, values) => words.replace(/{(\w+)}/g, (_all, name) => values[name]);
  const sizeOf = (bytes) => (bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`).replace(".0 ", " ");
  const total = (files) => files.reduce((sum, file) => sum + file.size, 0);
  const has = (transfer) => [...(transfer?.types ?? [])].includes("Files");

  function limitOf(field, file) {
    const limits = JSON.parse(field.dataset.limits);
    return limits[{ image: "picture", video: "film" }[file.type.split("/")[0]] ?? "document"];
  }

  function put(field, files) {
    const transfer = new DataTransfer();
    files.forEach((file) => transfer.items.add(file));
    mainInput(field).files = transfer.files;
    field.chosen = files;
    show(field);
  }

  const isSame = (one, other) => one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

  function add(field, files) {
    const known = field.chosen ?? [];
    put(field, [...known, ...files.filter((file) => !known.some((other) => isSame(file, other)))]);
  }

  function element(tag, values, ...children) {
    const made = Object.assign(document.createElement(tag), values);
    made.append(...children);
    return made;
  }

  function picture(file) {
    const kind = file.type.split("/")[0];
    if (kind !== "image" && kind !== "video") return element("span", { className: "upload-kind", textContent: file.name.split(".").pop().slice(0, 4) });
    const shown = element(kind === "image" ? "img" : "video", { src: URL.createObjectURL(file), alt: "", muted: true });
    shown.addEventListener(kind === "image" ? "load" : "loadeddata", () => URL.revokeObjectURL(shown.src), { once: true });
    return shown;
  }

  function item(field, file) {
    const limit = limitOf(field, file);
    const out = element("button", { type: "button", className: "quiet", textContent: "×", ariaLabel: filled(field.dataset.remove, file) });
    out.title = out.ariaLabel;
    out.addEventListener("click", () => {
      put(field, field.chosen.filter((other) => other !== file));
      (field.querySelector(".upload-list button") ?? mainInput(field)).focus();
    });
    const words = element("span", { className: "upload-words" }, element("span", { className: "upload-name", textContent: file.name }));
    words.append(element("span", { className: "faint", textContent: sizeOf(file.size) }));
    const made = element("li", {}, picture(file), words, out);
    if (file.size > limit) {
      made.className = "is-refused";
      words.append(element("strong", { textContent: filled(field.dataset.tooLarge, { name: file.name, size: sizeOf(file.size), limit: sizeOf(limit) }) }));
    }
    return made;
  }

  function show(field) {
    const files = field.chosen ?? [];
    const list = field.querySelector("[data-upload-list]");
    list.replaceChildren(...files.map((file) => item(field, file)));
    let words = files.some((file) => file.size > limitOf(field, file)) ? list.querySelector("strong").textContent : "";
    if (!words && total(files) > +field.dataset.total) {
      words = filled(field.dataset.tooMuch, { size: sizeOf(total(files)), limit: sizeOf(+field.dataset.total) });
      list.append(element("li", { className: "is-refused" }, element("strong", { textContent: words })));
    }
    mainInput(field).setCustomValidity(words);
  }

  function prepare() {
    for (const field of document.querySelectorAll(FIELD)) {
      if (ready.has(field)) continue;
      ready.add(field);
      field.classList.add("is-live");
      if (mainInput(field).files.length) add(field, [...mainInput(field).files]); // a browser that went back filled it again
    }
  }

  document.addEventListener("change", (event) => {
    const field = event.target.matches("input[type=file]") && event.target.closest(FIELD);
    if (!field) return;
    const files = [...event.target.files];
    if (event.target !== mainInput(field)) event.target.value = "";
    add(field, files);
  });
  document.addEventListener("reset", (event) => setTimeout(() => event.target.querySelectorAll(FIELD).forEach((field) => put(field, []))));

  /* Pasting and dropping: into the form one is in, else into the field that stands for the page. */
  function fieldFor(target) {
    const near = target?.closest?.("form")?.querySelector(FIELD);
    if (near) return near;
    const shown = [...document.querySelectorAll("[data-upload-page]")].filter((field) => field.checkVisibility());
    if (shown.length) return shown[0];
    const all = [...document.querySelectorAll(FIELD)].filter((field) => field.checkVisibility());
    return all.length === 1 ? all[0] : null;
  }

  function named(file, words) {
    if (!/^image\.(png|jpe?g)$/.test(file.name)) return file;
    const now = new Date();
    const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0")).join("");
    return new File([file], `${words}-${time}.${file.name.split(".").pop()}`, { type: file.type, lastModified: file.lastModified });
  }

  function reveal(field) {
    for (let around = field.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    field.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const field = files.length && fieldFor(event.target);
    if (!field) return;
    event.preventDefault();
    add(field, files.map((file) => named(file, field.dataset.pasted)));
    reveal(field);
  });

  const mark = (field) => document.querySelectorAll(".upload.is-over").forEach((other) => other.classList.toggle("is-over", other === field));
  document.addEventListener("dragover", (event) => {
    if (!has(event.dataTransfer)) return;
    event.preventDefault(); // a file dropped beside the field must not replace the page with what was typed
    const field = fieldFor(event.target);
    event.dataTransfer.dropEffect = field ? "copy" : "none";
    field?.classList.add("is-over");
    mark(field);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || mark(null));
  document.addEventListener("drop", (event) => {
    if (!has(event.dataTransfer)) return;
    event.preventDefault();
    mark(null);
    const field = fieldFor(event.target);
    if (!field) return;
    add(field, [...event.dataTransfer.files]);
    reveal(field);
  });

  /* Large files: sent by hand, so that one sees how far it is and can stop it. */
  function finished(form, request) {
    if (request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const [old, fresh] = [document.querySelector("main"), page.querySelector("main")];
    if (!old || !fresh) return location.assign(request.responseURL);
    old.replaceWith(fresh);
    htmx.process(fresh);
    prepare();
    fresh.querySelector("[autofocus]")?.focus();
  }

  function send(form, field, submitter) {
    const request = new XMLHttpRequest();
    const bar = element("progress", { max: 100, value: 0 });
    const words = element("span", { className: "progress-words" });
    const stop = element("button", { type: "button", className: "button", textContent: field.dataset.stop });
    const row = element("div", { className: "progress upload-progress", role: "status" }, bar, words, stop);
    const buttons = [...form.querySelectorAll("button:not([type=button])")].filter((button) => !button.disabled);
    const release = () => {
      row.remove();
      buttons.forEach((button) => (button.disabled = false));
    };
    const content = new FormData(form, submitter);
    stop.addEventListener("click", () => request.abort());
    request.upload.addEventListener("progress", ({ loaded, total: all }) => {
      bar.value = Math.round((loaded / all) * 100);
      words.textContent = filled(field.dataset.sending, { percent: bar.value });
    });
    request.upload.addEventListener("load", () => (words.textContent = field.dataset.stored));
    request.addEventListener("load", () => (release(), finished(form, request)));
    request.addEventListener("abort", release);
    request.addEventListener("error", () => {
      release();
      document.dispatchEvent(new CustomEvent("htmx:error", { detail: { ctx: { request } } }));
    });
    buttons.forEach((button) => (button.disabled = true));
    field.append(row);
    request.open("POST", form.action);
    request.send(content);
  }

  document.addEventListener(
    "submit",
    (event) => {
      const field = event.target.querySelector(FIELD);
      if (!field || total(field.chosen ?? []) < SHOW_PROGRESS_BYTES) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      send(event.target, field, event.submitter);
    },
    { capture: true },
  );

  document.addEventListener("htmx:after:swap", prepare);
  prepare();
})();
