// A handler that is on another port cannot be fetched from here.
for (const link of document.querySelectorAll("article li a"))
  if (link.origin === location.origin) link.insertAdjacentHTML("afterend", "<button>fetch</button>");
document.addEventListener("click", async event => {
  const button = event.target.closest("button");
  if (!button) return;
  const url = button.previousElementSibling.getAttribute("href");
  const card = button.closest("article");
  const output = card.querySelector("output") ?? card.appendChild(document.createElement("output"));
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("timed out after 15 s")), 15000);
  const began = performance.now();
  output.textContent = `GET ${url} …`;
  try {
    const response = await fetch(url, { cache: "no-store", redirect: "manual", signal: controller.signal });
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
  }
});
document.getElementById("filter").addEventListener("input", event => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const article of document.querySelectorAll("article"))
    article.hidden = !words.every(word => (article.id + " " + article.textContent).toLowerCase().includes(word));
  for (const section of document.querySelectorAll("section"))
    section.hidden = !section.querySelector("article:not([hidden])");
});
