/* Draws readings where a page says data-chart="address of the points"; without it the table of values says the same. */
"use strict";
(() => {
  const HEIGHT = 320;
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

  function options(canvas, width, from, to) {
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
      scales: { x: { time: true, range: [from, to] } },
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
    const { from, to, at, values } = await answer.json();
    let chart;
    const show = () => {
      chart?.destroy();
      chart = new uPlot(options(canvas, canvas.clientWidth, from, to), [at, values], canvas);
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
