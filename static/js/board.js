/* The board hears of changes through a stream; while that says nothing it asks the portal, as it does without one. */
"use strict";
(() => {
  const SILENT_MS = 5000;
  const AGAIN_MS = 2000;
  let source, address, version, again;
  let heardAt = -SILENT_MS;
  let isStreaming = false;

  const board = () => document.getElementById("board");
  const isHeard = () => source?.readyState === EventSource.OPEN && performance.now() - heardAt < SILENT_MS;
  const ask = () => htmx.trigger(board(), "refresh");
  const shown = () => board().getAttribute("hx-ptag").split(".")[0];

  function listen() {
    clearTimeout(again);
    source?.close();
    source = undefined;
    if (document.hidden || !board()) return;
    address = board().dataset.stream;
    if (!address) return;
    version ??= shown();
    const mine = (source = new EventSource(`${address}&v=${version}`, { withCredentials: true }));
    const on = (name, act) =>
      mine.addEventListener(name, (event) => {
        if (mine !== source) return;
        heardAt = performance.now();
        isStreaming = true;
        act(event);
      });
    on("ping", () => {});
    on("refresh", ask);
    on("piece", take);
    mine.onerror = () => {
      mine.close();
      if (mine === source && isStreaming) ask();
      isStreaming = false;
      if (mine === source) again = setTimeout(listen, AGAIN_MS * (1 + Math.random()));
    };
  }

  function take(event) {
    version = event.lastEventId;
    const id = /^\s*<\w+[^>]* id="([^"]+)"/.exec(event.data)?.[1];
    const target = id && document.getElementById(id);
    if (!target) return ask();
    htmx.swap({ sourceElement: board(), target, swap: "outerMorph", text: event.data, response: { status: 200 } });
  }

  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement === board() && ctx.sourceEvent?.type === "every" && isHeard()) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!board() || board().dataset.stream === address) return; // narrowed to something else
    version = shown();
    listen();
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && board()) ask();
    version = undefined;
    listen();
  });

  listen();
})();
