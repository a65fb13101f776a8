"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { button.textContent = dark() ? "light" : "dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  name();

  const filter = document.getElementById("filter");
  if (filter) {
    const rows = [...document.querySelectorAll("#cells tbody tr")];
    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  }
  for (const code of document.querySelectorAll(".copy")) {
    code.addEventListener("click", () => {
      navigator.clipboard?.writeText(code.dataset.copy).then(() => {
        code.classList.add("copied");
        setTimeout(() => code.classList.remove("copied"), 900);
      });
    });
  }
  // On paper everything is open.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      if (!details.querySelector("#cells")) { details.open = true; details.dataset.closed = ""; }
    }
  });
  addEventListener("afterprint", () => {
    for (const details of document.querySelectorAll("details[data-closed]")) { details.open = false; delete details.dataset.closed; }
  });
})();
