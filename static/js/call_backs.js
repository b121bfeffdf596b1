/* Scores without the mouse: a digit from 1 to 5 chooses in the score that has the focus and goes on to the next one. */
"use strict";
document.addEventListener("keydown", (event) => {
  const score = event.target.closest?.("[data-score]");
  if (!score || event.ctrlKey || event.metaKey || event.altKey || !/^[1-5]$/.test(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  score.querySelector(`[value="${event.key}"]`).click();
  const following = score.nextElementSibling?.querySelector("input") ?? score.closest("form").querySelector("[name=text]");
  following?.focus();
}, true);
