// Keeps a page as the ledger is now: asks for it again and changes what changed, so that what is open stays open, what
// is sorted stays sorted, and nothing jumps.
"use strict";
(() => {
  const OWN = ".theme, .filter, .more-rows, .pause, .heard"; // made by scripts: the server knows nothing of them
  const made = (tag, more) => Object.assign(document.createElement(tag), more);
  const live = document.querySelector(".live");
  let tag = live.dataset.tag, wait = 2, timer = 0, paused = false, asking = false, seen = new Date();

  const heard = made("p", { className: "heard" });
  heard.setAttribute("role", "status");
  const pause = made("button", { type: "button", className: "pause", textContent: "Pause" });
  pause.setAttribute("aria-label", "Pause: leave the page as it is");
  document.getElementById("again").hidden = true; // the page does that by itself
  live.append(pause, heard);
  const say = (text) => { if (heard.textContent !== text) heard.textContent = text; };

  const own = (node) => node.nodeType === 1 && node.matches(OWN);
  const key = (node) => node.nodeType !== 1 ? "" :
    node.id || node.getAttribute("aria-labelledby") || (node.matches(".where") ? node.querySelector("h3").textContent : "");

  const attributes = (now, next) => {
    for (const { name } of [...now.attributes]) {
      if (!next.hasAttribute(name) && name !== "open" && name !== "hidden") now.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (name !== "open" && now.getAttribute(name) !== value) now.setAttribute(name, value);
    }
  };

  // Rows of a table by their names; the page's script sorts and filters those that it is given.
  const rows = (now, next) => {
    const has = (where) => [...where.querySelectorAll("tbody tr")];
    const known = new Map((now.rowsNow || has(now)).map((row) => [row.cells[0].textContent, row]));
    now.rowsNow = has(next).map((row) => {
      const name = row.cells[0].textContent, had = known.get(name);
      known.delete(name);
      if (!had) return document.importNode(row, true);
      change(had, row);
      return had;
    });
    change(now.querySelector("caption"), next.querySelector("caption"));
    now.dispatchEvent(new CustomEvent("jevons:rows", { detail: now.rowsNow }));
  };

  const change = (now, next) => {
    if (now.isEqualNode(next)) return;
    if (now.nodeType !== 1) { now.data = next.data; return; }
    if (now.matches(".where")) { rows(now, next); return; }
    attributes(now, next);
    const left = [...now.childNodes].filter((node) => !own(node));
    let at = now.firstChild;
    for (const wanted of next.childNodes) {
      const found = left.findIndex((node) => node.nodeName === wanted.nodeName && key(node) === key(wanted));
      const node = found < 0 ? document.importNode(wanted, true) : left.splice(found, 1)[0];
      while (at && own(at)) at = at.nextSibling;
      if (node === at) at = at.nextSibling; else now.insertBefore(node, at);
      if (found >= 0) change(node, wanted);
    }
    left.forEach((node) => node.remove());
  };

  const show = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const names = (of) => [...of.querySelectorAll(".where h3")].map((one) => one.textContent).join();
    if (next.querySelector(".live")?.dataset.kind !== live.dataset.kind || names(next) !== names(document)) {
      location.reload(); // another kind of page, or one with other tables
      return;
    }
    const focused = document.activeElement;
    document.title = next.title;
    for (const part of ["header", "main", "footer"]) {
      const now = document.querySelector(`body > ${part}`), then = next.querySelector(`body > ${part}`);
      if (now && then) change(now, then);
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  };

  const look = async () => {
    clearTimeout(timer);
    if (asking || paused || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(location.pathname, { headers: { "If-None-Match": tag }, cache: "no-store" });
      wait = Number(answer.headers.get("X-Jevons-Wait")) || 5;
      if (answer.status !== 304) {
        const text = await answer.text();
        if (getSelection().isCollapsed) { // nobody is copying
          show(text);
          tag = answer.headers.get("ETag") || "";
        }
      }
      seen = new Date();
      say("");
    } catch {
      wait = 5;
      say(`jevons no longer answers: this is as it was at ${seen.toLocaleTimeString()}`);
    }
    asking = false;
    timer = setTimeout(look, wait * 1000);
  };

  pause.onclick = () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    pause.setAttribute("aria-label", paused ? "Go on: show what is new" : "Pause: leave the page as it is");
    look();
  };
  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, wait * 1000);
})();
