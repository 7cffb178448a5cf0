// Everything works without this script: it only saves a click, or a reload.
"use strict";

// Filters apply as they are chosen.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, input[type=checkbox], input[type=radio]")) form.requestSubmit();
  });
}

// "/" goes to the search field, as on GitHub.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("input[type=search]");
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// Whatever names a stream of events is kept up to date by it: each event names texts and shares by their id.
for (const live of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(live.dataset.live);
  source.addEventListener("progress", (event) => {
    for (const [id, text] of Object.entries(JSON.parse(event.data))) {
      const element = document.getElementById(id);
      if (!element) continue;
      if (element.tagName === "PROGRESS") element.value = Number(text);
      else if (element.textContent !== text) element.textContent = text;
    }
  });
  source.addEventListener("reload", () => {
    source.close();
    location.reload();
  });
}

// A form that was sent is not sent twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
