/* @ in a note offers names: typing narrows them, arrows and Enter choose. Without this script the name is typed out. */
"use strict";
(() => {
  const MOST = 8;
  const people = new Map(); // address → names, asked for once
  let box, area, at, chosen;

  async function namesOf(form) {
    const address = form.dataset.mentions;
    if (!people.has(address)) {
      const answer = await fetch(address, { headers: { "HX-Request": "true" } });
      const list = document.createElement("datalist");
      list.innerHTML = answer.ok ? await answer.text() : "";
      people.set(address, [...list.children].map((option) => ({ name: option.value, username: option.textContent })));
    }
    return people.get(address);
  }

  function close() {
    box?.remove();
    area?.removeAttribute("aria-activedescendant");
    box = undefined;
  }

  function choose(name) {
    area.setRangeText(`@${name} `, at, area.selectionStart, "end");
    close();
    area.focus();
  }

  function mark(index) {
    chosen = (index + box.children.length) % box.children.length;
    [...box.children].forEach((item, place) => item.setAttribute("aria-selected", place === chosen));
    area.setAttribute("aria-activedescendant", `mention-${chosen}`);
  }

  async function offer(event) {
    const target = event.target;
    const form = target.closest?.("textarea") && target.form?.closest("[data-mentions]");
    if (!form) return;
    const typed = /[@＠]([^\s@＠]{0,20})$/.exec(target.value.slice(0, target.selectionStart));
    if (!typed) return close();
    const word = typed[1].toLowerCase();
    const fitting = (await namesOf(form)).filter(({ name, username }) => name.toLowerCase().includes(word) || username.startsWith(word)).slice(0, MOST);
    close();
    if (!fitting.length || document.activeElement !== target) return;
    area = target;
    at = typed.index;
    box = document.createElement("ul");
    box.className = "mention-list";
    box.setAttribute("role", "listbox");
    fitting.forEach(({ name, username }, index) => {
      const item = document.createElement("li");
      item.id = `mention-${index}`;
      item.setAttribute("role", "option");
      item.append(name, Object.assign(document.createElement("small"), { textContent: username }));
      item.addEventListener("mousedown", (press) => {
        press.preventDefault();
        choose(name);
      });
      box.append(item);
    });
    area.after(box);
    mark(0);
  }

  document.addEventListener("input", offer);
  document.addEventListener("focusout", (event) => event.target === area && close());
  document.addEventListener(
    "keydown",
    (event) => {
      if (!box || event.target !== area || event.isComposing) return;
      if (event.key === "ArrowDown") mark(chosen + 1);
      else if (event.key === "ArrowUp") mark(chosen - 1);
      else if (event.key === "Enter" || event.key === "Tab") choose(box.children[chosen].firstChild.data);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
})();
