// The page of a script: copies its text.

const button = document.getElementById("copy");
button.hidden = !navigator.clipboard;
button.addEventListener("click", async () => {
  const lines = [...document.querySelectorAll("#source > span")].map(line => line.textContent.replace(/^\d+ /, ""));
  const said = document.getElementById("copied");
  try {
    await navigator.clipboard.writeText(lines.join(""));
    said.textContent = "copied";
  } catch (error) {
    said.textContent = String(error);
  }
});
