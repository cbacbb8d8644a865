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

  const MOST = 200; // rows shown at first: a browser lays out thousands slowly, and nobody reads them
  const collator = new Intl.Collator("en", { numeric: true });
  document.querySelectorAll(".where").forEach((where, number) => {
    const [table, ...parts] = where.querySelectorAll("table.rows"), body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const nameOf = (cell) => (cell.querySelector("summary") ?? cell).textContent.toLowerCase();
    const rows = [table, ...parts].flatMap((part) => [...part.tBodies[0].rows])
      .map((row) => ({ row, name: nameOf(row.cells[0]) }));
    parts.forEach((part) => part.closest(".scroll").remove());
    table.closest(".scroll").classList.remove("long"); // there are few rows now
    let ordered = rows, words = [], all = rows.length <= MOST;
    const told = made("span", { role: "status" });
    const more = made("button", { type: "button", className: "more-rows" });
    const show = (every) => {
      const fits = ordered.filter(({ name }) => words.every((word) => name.includes(word)));
      const shown = all || every ? fits : fits.slice(0, MOST);
      body.replaceChildren(...shown.map(({ row }) => row));
      const count = (some) => some.toLocaleString("en");
      told.textContent = words.length ? `${count(fits.length)} of ${count(rows.length)} fit` : "";
      more.textContent = `Show all ${count(fits.length)}`;
      more.hidden = shown.length === fits.length;
    };

    heads.forEach((head, at) => {
      if (head.classList.contains("drawn")) return;
      const button = made("button", { type: "button", textContent: head.textContent });
      head.replaceChildren(button);
      button.onclick = () => {
        const before = head.getAttribute("aria-sort"), number = head.classList.contains("n");
        const falling = number ? before !== "descending" : before === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const counted = (text) => text.replaceAll(",", "").split("+").reduce((sum, part) => sum + Number(part), 0);
        const value = ({ row, name }) => {
          const of = head.dataset.v; // which of its row's figures, where the cell shows an interval
          if (!number) return at ? row.cells[at].textContent : name;
          return of ? Number(row.dataset.v.split(" ")[of]) : counted(row.cells[at].textContent);
        };
        ordered = rows.map((one) => [value(one), one])
          .sort(([one], [other]) => (number ? one - other : collator.compare(one, other)) * (falling ? -1 : 1))
          .map(([, one]) => one);
        show();
      };
    });

    more.onclick = () => { all = true; show(); body.rows[MOST].querySelector("summary")?.focus(); };
    table.closest(".scroll").after(more);
    if (rows.length > 5 || document.querySelector(".live")) {
      const id = `filter-${number}`;
      const label = made("label", { htmlFor: id, textContent: `Filter by ${heads[0].textContent}` });
      const input = made("input", { id, type: "search", autocomplete: "off", spellcheck: false });
      input.oninput = () => { words = input.value.toLowerCase().split(/\s+/).filter(Boolean); show(); };
      input.onkeydown = (event) => {
        if (event.key === "Escape" && input.value) { input.value = ""; input.oninput(); event.preventDefault(); }
      };
      const line = made("div", { className: "filter" });
      line.append(label, input, told);
      line.hidden = rows.length <= 5;
      table.closest(".scroll").before(line);
    }
    table.closest(".where").addEventListener("jevons:rows", ({ detail }) => { // a page that changes while it is read
      rows.splice(0, rows.length, ...detail.map((row) => ({ row, name: row.cells[0].textContent.toLowerCase() })));
      ordered = rows;
      table.closest(".where").querySelector(".filter").hidden = rows.length <= 5;
      const sorted = heads.find((head) => head.hasAttribute("aria-sort"));
      if (!sorted) { show(); return; }
      sorted.setAttribute("aria-sort", sorted.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
      sorted.querySelector("button").click(); // turns it round again
    });
    addEventListener("beforeprint", () => show(true));
    addEventListener("afterprint", () => show());
    show();
  });
  root.classList.remove("early");
})();
