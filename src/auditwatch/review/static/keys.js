// Keys for the list and the forms. Without scripts everything works by pointing and Tab.
"use strict";
(() => {
  const OFF = "auditwatch-keys-off";
  const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const items = () => [...document.querySelectorAll(".keyed > li")].filter((one) => one.querySelector("a"));
  const current = () => {
    const all = items();
    const own = all.findIndex((one) => one.contains(document.activeElement));
    return own < 0 ? all.findIndex((one) => one.hasAttribute("aria-current")) : own;
  };
  const link = (item) => item.querySelector(".what a");

  const step = (by) => {
    const all = items();
    if (!all.length) return;
    const next = Math.min(Math.max(current() + by, 0), all.length - 1);
    link(all[next]).focus();
    all[next].scrollIntoView({ block: "nearest" });
  };
  const chosen = (act) => {
    const item = items()[current()];
    if (item) act(item);
  };
  const open = (id, field) => {
    const box = document.getElementById(id);
    if (box instanceof HTMLDetailsElement) box.open = true;
    const first = document.getElementById(field) || (box && box.querySelector("select, textarea, input:not([type=hidden])"));
    if (first) first.focus();
  };
  const follow = (relation) => {
    const found = document.querySelector(`main a[rel=${relation}]`);
    if (found) found.click();
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => chosen((item) => link(item).click()),
    v: () => chosen((item) => item.querySelector(".look")?.click()),
    x: () => chosen((item) => item.querySelector("input[type=checkbox]")?.click()),
    u: () => {
      const back = document.querySelector(".beside a");
      window.location.href = back ? back.href : "/queue";
    },
    n: () => follow("next"),
    p: () => follow("prev"),
    b: () => open("together", ""),
    d: () => open("act", ""),
    c: () => open("act", "note"),
    r: () => open("reveal", "reason"),
    "/": () => open("", "severity"),
    g: () => { going = true; },
    "?": () => { window.location.href = "/help"; },
  };
  // g and a letter: pages of the menu, where this person has them
  const places = { q: "/queue", i: "/investigations", r: "/rules", o: "/overview", a: "/auditors", y: "/annual", m: "/account" };
  let going = false;
  const go = (key) => {
    const found = Object.hasOwn(places, key) && document.querySelector(`a[href="${places[key]}"]`);
    if (found) found.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (window.localStorage.getItem(OFF)) return;
    if (going) { going = false; event.preventDefault(); go(event.key); return; }
    if (!Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  });

  // after a form the page is led to by its words: what went wrong, or what was done
  const said = document.getElementById("problem") || document.getElementById("done");
  if (said) said.focus();

  const box = document.getElementById("keys-off");
  if (box) {
    box.checked = Boolean(window.localStorage.getItem(OFF));
    box.addEventListener("change", () => {
      if (box.checked) window.localStorage.setItem(OFF, "1");
      else window.localStorage.removeItem(OFF);
    });
  }
})();
