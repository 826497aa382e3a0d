// The page of the handlers: fetches them, finds them, and says where they work.

import { h } from "./dom.js";

const PATIENCE = 15000;
const SHOWN = 4000;

const main = document.getElementById("handlers");
const elsewhere = link => link.origin !== location.origin;

// What a fetch shows.

/** A folder of the user's may be in its place. */
const wireModule = () => import("/resources/wire.mjs").then(module => module.wire, () => undefined);

const fetched = async button => {
  const link = button.previousElementSibling;
  const card = button.closest("article");
  const output = card.querySelector("output") ?? card.appendChild(h("output", { "aria-live": "polite" }));
  const wire = await wireModule();
  const token = wire?.token();
  output.dataset.token = token;
  const seen = h("ul", { class: "seen" });
  const text = h("span", {}, `GET ${link.getAttribute("href")} …`);
  output.replaceChildren(seen, text);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`timed out after ${PATIENCE / 1000} s`)), PATIENCE);
  const began = performance.now();
  try {
    const init = { cache: "no-store", redirect: "manual", signal: controller.signal };
    // Another origin shows nothing of its response, and no header of ours can go there: the server tells what happened.
    const response = elsewhere(link)
      ? await fetch(token ? wire.url(link.href, token) : link.href, { ...init, mode: "no-cors", redirect: "follow" })
      : await fetch(link.href, { ...init, headers: token ? { "wire-token": token } : {} });
    let head = `${response.status || response.type} ${response.statusText}\n`;
    for (const [name, value] of response.headers) head += `${name}: ${value}\n`;
    text.textContent = head;
    const body = await response.text();
    text.textContent = `${head}\n${body.length > SHOWN ? `${body.slice(0, SHOWN)} …` : body}`;
  } catch (error) {
    text.textContent += `\n${error}`;
  } finally {
    clearTimeout(timer);
    text.textContent += `\n${Math.round(performance.now() - began)} ms`;
    const items = token ? await outcome(wire, token) : [];
    if (output.dataset.token === token) seen.replaceChildren(...items);
  }
};

/** What the server saw of it: each attempt in a line, with a link to its frames and to its transcript. */
const outcome = async (wire, token) => {
  try {
    const outcome = await wire.outcome(token, { wait: 1 });
    if (outcome.attempts.length === 0) return [h("li", { class: "wrong" }, `✗ ${outcome.text}`)];
    return outcome.attempts.map(attempt => {
      const why = attempt.why ?? "open";
      const [sign, name] = why === "stream-ended" ? ["✓", "right"] : why === "open" ? ["…", ""] : ["✗", "wrong"];
      const line = h("a", { href: wire.inspector(outcome, attempt) }, `${why}: ${attempt.text}`);
      return h("li", { class: name }, `${sign} `, line, " ", h("a", { href: `${attempt.transcript}.txt` }, "transcript"));
    });
  } catch (error) {
    return [h("li", { class: "wrong" }, `✗ ${error}`)];
  }
};

for (const article of main.querySelectorAll("article")) {
  for (const link of article.querySelectorAll("li a")) link.after(h("button", {}, "fetch"));
  article.querySelector("h3").append(" ", h("a", { class: "source", href: `/_wire/source/handlers/${encodeURI(article.id)}` }, "source"));
}
main.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button) fetched(button);
});

// What the filter shows.

const filter = document.getElementById("filter");
const found = document.getElementById("found");
const chips = [...document.querySelectorAll(".chips a")];
let section = "";

const show = () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const one of main.querySelectorAll("section")) {
    let here = 0;
    for (const article of one.querySelectorAll("article")) {
      const text = `${article.id} ${article.querySelector("h3").dataset.only ?? ""} ${article.textContent}`.toLowerCase();
      article.hidden = (section && one.id !== section) || !words.every(word => text.includes(word));
      if (!article.hidden) here++;
    }
    one.hidden = here === 0;
    count += here;
  }
  for (const chip of chips) chip.setAttribute("aria-current", String(chip.hash === `#${section}`));
  const narrowed = words.length > 0 || section !== "";
  found.textContent = !narrowed ? "" : count === 0 ? "Nothing found: try fewer words, or another section." : `${count} found`;
};

filter.addEventListener("input", show);
for (const chip of chips)
  chip.addEventListener("click", event => {
    event.preventDefault();
    const id = decodeURIComponent(chip.hash.slice(1));
    section = section === id ? "" : id;
    history.replaceState(null, "", section ? `#${section}` : location.pathname + location.search);
    show();
  });
const asked = decodeURIComponent(location.hash.slice(1));
if (chips.some(chip => decodeURIComponent(chip.hash.slice(1)) === asked)) section = asked;
show();

// Where links lead to another origin, whether this browser gets there.

const reaches = origin =>
  fetch(`${origin}/_wire/assets/wireserve.css`, { mode: "no-cors", cache: "no-store" }).then(() => true, () => false);

/** Takes away the links that would end in an error page. */
const cut = (selector, why) => {
  for (const link of main.querySelectorAll(selector)) {
    if (!elsewhere(link)) continue;
    if (link.nextElementSibling?.localName === "button") link.nextElementSibling.remove();
    link.removeAttribute("href");
    link.title = why;
  }
};

const UNTRUSTED = "This browser does not trust the certificate, or does not find the host.";
const { http2, probe } = main.dataset;
const trust = document.getElementById("trust");
if (http2 && location.origin !== http2)
  reaches(http2).then(does => {
    if (trust) trust.textContent = does ? "This browser trusts it." : "This browser does not trust it.";
    if (!does) cut("article li a", UNTRUSTED);
  });
if (probe && location.origin !== probe)
  reaches(probe).then(does => {
    if (does) return;
    cut("#profiles li a", UNTRUSTED);
    document.getElementById("profiles").firstElementChild.after(h("p", { class: "banner" },
      "The profiles have hosts of their own, which this browser does not reach: it does not trust the server’s certificate, or does not find the names. ",
      h("code", {}, "wireserve open"), " starts one that does."));
  });
