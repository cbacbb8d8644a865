// The page is whole without this: it adds sorting, filtering and a choice between light and dark.
"use strict";
(() => {
  const made = (tag, more) => Object.assign(document.createElement(tag), more);

  const root = document.documentElement;
  const kept = (value) => {
    try { if (value) localStorage.setItem("jevons-theme", value); return localStorage.getItem("jevons-theme"); } catch { return null; }
  };
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = made("button", { type: "button", className: "theme" });
  const named = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Change to ${dark() ? "light" : "dark"}`); };
  const before = kept();
  if (before === "light" || before === "dark") root.dataset.theme = before;
  theme.onclick = () => { root.dataset.theme = dark() ? "light" : "dark"; kept(root.dataset.theme); named(); };
  named();
  document.querySelector("header").append(theme);

  document.querySelectorAll("table.rows").forEach((table, number) => {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    const value = (row, at) => at ? Number(row.cells[at].dataset.v) : row.cells[0].textContent;
    heads.forEach((head, at) => {
      if (head.classList.contains("drawn")) return;
      const button = made("button", { type: "button", textContent: head.textContent });
      head.replaceChildren(button);
      button.onclick = () => {
        const falling = at ? head.getAttribute("aria-sort") !== "descending" : head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const collator = new Intl.Collator("en", { numeric: true });
        const keyed = rows.map((row) => [value(row, at), row]);
        keyed.sort(([one], [other]) => (at ? one - other : collator.compare(one, other)) * (falling ? -1 : 1));
        body.append(...keyed.map(([, row]) => row));
      };
    });
    if (rows.length < 6) return;
    const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
    const id = `filter-${number}`;
    const label = made("label", { htmlFor: id, textContent: `Filter by ${heads[0].textContent}` });
    const input = made("input", { id, type: "search", autocomplete: "off", spellcheck: false });
    const told = made("span", { role: "status" });
    input.oninput = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, at) => { const fits = words.every((word) => names[at].includes(word)); row.hidden = !fits; shown += fits; });
      told.textContent = words.length ? `${shown} of ${rows.length} shown` : "";
    };
    input.onkeydown = (event) => { if (event.key === "Escape" && input.value) { input.value = ""; input.oninput(); event.preventDefault(); } };
    const line = made("div", { className: "filter" });
    line.append(label, input, told);
    table.closest(".scroll").before(line);
  });
})();
