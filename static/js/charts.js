/* Draws readings where a page says data-chart="address of the points"; without it the picture of the server stands there. */
"use strict";
(() => {
  const HEIGHT = 260;
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const pad = (number) => String(number).padStart(2, "0");

  function colour(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  // The times of faults below the line, the thresholds of rules above it, as the picture of the server has them.
  function marks(limits, bands) {
    const tone = (severity) => ({ ink: colour(`--${severity}`), wash: colour(`--${severity}-wash`) });
    const tones = Object.fromEntries([...limits, ...bands].map(({ severity }) => [severity, tone(severity)]));
    return {
      drawClear: [
        ({ ctx, bbox, valToPos, scales }) => {
          for (const band of bands) {
            const left = valToPos(Math.max(band.from, scales.x.min), "x", true), right = valToPos(Math.min(band.to, scales.x.max), "x", true);
            ctx.fillStyle = tones[band.severity].wash;
            if (right >= left) ctx.fillRect(left, bbox.top, Math.max(right - left, 1), bbox.height);
          }
        },
      ],
      draw: [
        ({ ctx, bbox, valToPos }) => {
          ctx.save();
          ctx.setLineDash([7 * devicePixelRatio, 4 * devicePixelRatio]);
          ctx.textAlign = "right";
          ctx.textBaseline = "bottom";
          for (const limit of limits) {
            const y = valToPos(limit.value, "y", true), right = bbox.left + bbox.width;
            ctx.strokeStyle = ctx.fillStyle = tones[limit.severity].ink;
            ctx.beginPath();
            ctx.moveTo(bbox.left, y);
            ctx.lineTo(right, y);
            ctx.stroke();
            ctx.fillText(limit.words, right - 2, y - 2 * devicePixelRatio);
          }
          ctx.restore();
        },
      ],
    };
  }

  function options(canvas, width, { from, to, limits, bands }) {
    const line = colour("--line"), ink = colour("--text-soft");
    const zoned = (second) => uPlot.tzDate(new Date(second * 1000), canvas.dataset.zone); // the desk's time, wherever the browser stands
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: `12px ${style("--chinese")}` };
    const stamps = (_chart, seconds, _index, _space, step) =>
      seconds.map((second) => {
        const at = zoned(second);
        const clock = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
        const day = `${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
        if (step >= 86400) return day;
        if (at.getHours() === 0 && at.getMinutes() === 0) return `${clock}\n${day}`;
        return step < 60 ? `${clock}:${pad(at.getSeconds())}` : clock;
      });
    return {
      width,
      height: HEIGHT,
      tzDate: zoned,
      scales: {
        x: { time: true, range: [from, to] },
        y: { range: (_chart, least, greatest) => uPlot.rangeNum(Math.min(least ?? 0, ...limits.map(({ value }) => value)), Math.max(greatest ?? 1, ...limits.map(({ value }) => value)), 0.1, true) },
      },
      hooks: marks(limits, bands),
      axes: [{ ...axis, values: stamps }, { ...axis, size: 60 }],
      series: [
        { label: canvas.dataset.timeWords, value: (_chart, second) => (second == null ? "–" : zoned(second).toLocaleString(document.documentElement.lang)) },
        {
          label: canvas.dataset.name,
          stroke: colour("--accent"),
          width: 1.5,
          spanGaps: false,
          points: { show: false },
          value: (_chart, value) => (value == null ? "–" : `${value} ${canvas.dataset.unit}`),
        },
      ],
      legend: { live: true },
      cursor: { points: { size: 7 }, drag: { x: true, y: false } },
    };
  }

  async function draw(canvas) {
    canvas.dataset.drawn = "";
    const answer = await fetch(canvas.dataset.chart, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const found = await answer.json();
    canvas.replaceChildren();
    let chart;
    const show = () => {
      chart?.destroy();
      chart = new uPlot(options(canvas, canvas.clientWidth, found), [found.at, found.values], canvas);
    };
    show();
    new ResizeObserver(() => chart.width !== canvas.clientWidth && chart.setSize({ width: canvas.clientWidth, height: HEIGHT })).observe(canvas);
    new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  }

  const drawNew = () => document.querySelectorAll("[data-chart]:not([data-drawn])").forEach(draw);
  drawNew();
  document.addEventListener("htmx:after:swap", drawNew);
})();
