// A finding beside the list: the same page and the same forms, without losing what is chosen.
// Without scripts, or where there is no room, its link opens the page.
"use strict";
(() => {
  const pane = document.getElementById("pane");
  const PARTS = "#brief, #seen, #problem";
  const roomy = () => window.getComputedStyle(pane).display !== "none";
  const row = () => document.querySelector(".keyed > li[aria-current]");
  let asked = 0;

  const mark = (item) => {
    const before = row();
    if (before) before.removeAttribute("aria-current");
    if (item) item.setAttribute("aria-current", "true");
  };
  // what the list says of it, so that what is chosen goes with the version that was seen
  const renew = (item, brief) => {
    const box = item.querySelector("input[name=finding]");
    const version = brief.querySelector("input[name=version]");
    if (version) box.value = `${brief.dataset.finding}:${version.value}`;
    const marks = item.querySelector(".marks");
    const said = marks.querySelector(".moved") || marks.appendChild(document.createElement("span"));
    said.className = "moved";
    said.textContent = brief.dataset.state;
  };
  const show = (page) => {
    const parts = [...page.querySelectorAll(PARTS)].filter((one) => !one.parentElement.closest(PARTS));
    const stale = document.getElementById("done");
    if (stale) stale.remove();
    pane.replaceChildren(...parts);
    const brief = document.getElementById("brief");
    if (brief && brief.dataset.moved && row()) renew(row(), brief);
    const said = ["#problem", "#done", "h1"].map((one) => pane.querySelector(one)).find(Boolean);
    said.tabIndex = -1;
    said.focus({ preventScroll: true });
    pane.scrollTop = 0;
  };
  const fill = async (address, options) => {
    const mine = ++asked;
    pane.setAttribute("aria-busy", "true");
    try {
      const answer = await window.fetch(address, options);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return; // another one was asked for meanwhile
      if (page.querySelector(PARTS)) show(page);
      else window.location.href = answer.url; // the session ended
    } catch {
      if (options) window.location.reload(); // whether it was done, the page says
      else window.location.href = address;
    } finally {
      pane.removeAttribute("aria-busy");
    }
  };
  const close = () => {
    const item = row();
    pane.replaceChildren();
    mark(null);
    if (item) item.querySelector(".what a").focus();
  };

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !roomy()) return;
    const look = event.target.closest(".look");
    const next = event.target.closest("#pane #done a");
    if (!look && !next) return;
    event.preventDefault();
    const id = new URL((look || next).href).pathname.split("/")[2];
    const item = look ? look.closest("li") : [...document.querySelectorAll(".keyed > li")].find((one) => one.querySelector(`.look[href*="/${id}?"]`));
    if (!item) { close(); return; }
    mark(item);
    item.scrollIntoView({ block: "nearest" });
    fill((look || next).href);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("#pane form.swaps")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    fill(form.action, { method: "POST", body });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !pane.firstChild || event.defaultPrevented) return;
    if (!event.target.closest("input:not([type=checkbox]), textarea, select")) close();
  });
})();
