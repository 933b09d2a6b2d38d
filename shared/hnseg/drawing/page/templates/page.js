"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset.copies);
    getSelection().selectAllChildren(text);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl+C";
  });
}
const cut = new ResizeObserver(entries => entries.forEach(({ target }) =>
  target.classList.toggle("cut", target.scrollWidth > target.clientWidth + 1)));
document.querySelectorAll(".wide, .slices").forEach(table => cut.observe(table));
