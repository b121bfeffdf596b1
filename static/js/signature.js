/* Drawing a signature: strokes on a sheet 1000 wide, and the SHA-256 of what is signed, made on this device where the browser can. */
"use strict";
(() => {
  const WIDTH = 1000, HEIGHT = 1500, LEAST_INK = 150, LONGEST_MS = 3600000, MOST_POINTS = 8000;
  const within = (value, most) => Math.min(Math.max(Math.round(value), 0), most);

  /* Lists of points [x, y, ms], the same for every screen. */
  function strokesOf(pad, canvas) {
    const scale = WIDTH / canvas.clientWidth;
    const groups = pad.toData().filter(({ points }) => points.length);
    if (!groups.length) return [];
    const start = groups[0].points[0].time;
    const every = Math.ceil(groups.reduce((sum, { points }) => sum + points.length, 0) / MOST_POINTS);
    return groups.map(({ points }) =>
      points
        .filter((_point, place) => place % every === 0 || place === points.length - 1)
        .map(({ x, y, time }) => [within(x * scale, WIDTH), within(y * scale, HEIGHT), within(time - start, LONGEST_MS)]),
    );
  }

  const ink = (strokes) =>
    strokes.reduce((sum, line) => line.slice(1).reduce((length, [x, y], place) => length + Math.hypot(x - line[place][0], y - line[place][1]), sum), 0);

  async function sha256(text) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* The canonical text (app/service_reports/content.py): keys sorted, no blanks. */
  function textOf(report, signer, strokes, way) {
    return `{"report":${report},"signature":${JSON.stringify({ hashed_by: "device", signer, strokes, way })}}`;
  }

  function prepare(form) {
    const box = form.querySelector("[data-pad]");
    const canvas = box.querySelector("canvas");
    const problem = box.querySelector("[data-problem]");
    const pad = new SignaturePad(canvas, { minWidth: 1, maxWidth: 3, penColor: "#000" });
    const canHash = Boolean(window.crypto?.subtle);
    const alone = form.querySelector("[data-server-alone]");
    if (alone) alone.hidden = canHash;

    let width = 0;
    function fit() {
      if (!canvas.clientWidth || canvas.clientWidth === width) return; // the keyboard of a phone changes the height only
      const drawn = pad.toData();
      const grown = width ? canvas.clientWidth / width : 1;
      width = canvas.clientWidth;
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      canvas.width = width * ratio;
      canvas.height = canvas.clientHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      for (const { points } of drawn) for (const point of points) (point.x *= grown), (point.y *= grown);
      pad.fromData(drawn);
    }

    function say(words) {
      problem.textContent = words;
      problem.hidden = !words;
      if (words) box.scrollIntoView({ block: "center" });
    }

    async function send() {
      const strokes = strokesOf(pad, canvas);
      const isWanted = !("optional" in form.dataset) || strokes.length || form.elements.signer.value.trim();
      if (!isWanted) return form.submit();
      if (ink(strokes) < LEAST_INK) return say(box.dataset.empty);
      say("");
      const { signer, strokes: drawn, digest } = form.elements;
      signer.value = signer.value.replace(/[\s\u0085\u001c-\u001f]+/g, " ").trim();
      drawn.value = JSON.stringify(strokes);
      const way = form.elements.way?.value ?? "remote";
      if (canHash && box.dataset.text) digest.value = await sha256(textOf(box.dataset.text, signer.value, strokes, way));
      form.submit();
    }

    let isSending = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      send().finally(() => setTimeout(() => (isSending = false), 4000 * (problem.hidden ? 1 : 0)));
    });
    box.querySelector("[data-clears]").addEventListener("click", () => (pad.clear(), say("")));
    pad.addEventListener("beginStroke", () => say(""));
    new ResizeObserver(fit).observe(canvas);
    fit();
  }

  for (const form of document.querySelectorAll("form[data-signature]")) prepare(form);
})();
