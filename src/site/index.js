// A handler that is on another port cannot be fetched from here.
for (const link of document.querySelectorAll("article li a"))
  if (link.origin === location.origin) link.insertAdjacentHTML("afterend", "<button>fetch</button>");
document.addEventListener("click", async event => {
  const button = event.target.closest("button");
  if (!button) return;
  const url = button.previousElementSibling.getAttribute("href");
  const card = button.closest("article");
  const output = card.querySelector("output") ?? card.appendChild(document.createElement("output"));
  const wire = await wireModule();
  const token = wire?.token();
  output.dataset.token = token;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("timed out after 15 s")), 15000);
  const began = performance.now();
  output.textContent = `GET ${url} …`;
  try {
    const init = { cache: "no-store", redirect: "manual", signal: controller.signal };
    const response = await fetch(url, { ...init, headers: token ? { "wire-token": token } : {} });
    let text = `${response.status || response.type} ${response.statusText}\n`;
    for (const [name, value] of response.headers) text += `${name}: ${value}\n`;
    output.textContent = text;
    const body = await response.text();
    output.textContent = `${text}\n${body.length > 4000 ? body.slice(0, 4000) + " …" : body}`;
  } catch (error) {
    output.textContent += `\n${error}`;
  } finally {
    clearTimeout(timer);
    output.textContent += `\n${Math.round(performance.now() - began)} ms`;
    const list = token && await seen(wire, token);
    if (list && output.dataset.token === token) output.append(list);
  }
});
// A folder of the user's may be in its place.
const wireModule = () => import("/resources/wire.mjs").then(module => module.wire, () => undefined);
// What the server saw of a request, as links to its frames.
const seen = async (wire, token) => {
  const list = document.createElement("ul");
  const item = (text, url) => {
    const link = Object.assign(document.createElement(url ? "a" : "span"), { textContent: text, ...(url && { href: url }) });
    list.append(document.createElement("li"));
    list.lastChild.append(link);
  };
  try {
    const outcome = await wire.outcome(token, { wait: 1 });
    for (const attempt of outcome.attempts)
      item(`${attempt.why ?? "open"}: ${attempt.text}`, wire.inspector(outcome, attempt));
    if (outcome.attempts.length === 0) item(outcome.text);
  } catch (error) {
    item(String(error));
  }
  return list;
};
document.getElementById("filter").addEventListener("input", event => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const article of document.querySelectorAll("article"))
    article.hidden = !words.every(word => (article.id + " " + article.textContent).toLowerCase().includes(word));
  for (const section of document.querySelectorAll("section"))
    section.hidden = !section.querySelector("article:not([hidden])");
});
