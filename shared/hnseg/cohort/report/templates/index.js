"use strict";
const table = document.getElementById("cases"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
const [search, status, flag, count] = ["search", "status", "flag", "count"].map(id => document.getElementById(id));
const rows = [...body.rows].map(row => ({
  row, values: [...row.cells].map(valueOf), status: row.dataset.status, flags: row.dataset.flags.split(" "),
  text: [row.textContent, ...[...row.querySelectorAll("[title]")].map(chip => chip.title)].join(" ").toLowerCase(),
}));
const names = new Intl.Collator(undefined, { numeric: true });

/* A number where the cell has one, else its text; null for a number that is not known, which comes last. */
function valueOf(cell) {
  const value = cell.dataset.v;
  return value === undefined ? cell.textContent.trim() : value === "" ? null : Number(value);
}

function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  return typeof a === "number" ? a - b : names.compare(a, b);
}

function sortBy(column, ascending) {
  heads.forEach((head, at) => at === column
    ? head.setAttribute("aria-sort", ascending ? "ascending" : "descending") : head.removeAttribute("aria-sort"));
  const turn = ascending ? 1 : -1;
  rows.sort((a, b) => {
    const [x, y] = [a.values[column], b.values[column]];
    return (x === null || y === null ? compare(x, y) : turn * compare(x, y)) || names.compare(a.values[1], b.values[1]);
  });
  body.replaceChildren(...rows.map(one => one.row));
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of rows) {
    const fits = (!status.value || one.status === status.value) && (!flag.value || one.flags.includes(flag.value))
      && words.every(word => one.text.includes(word));
    one.row.hidden = !fits;
    shown += fits;
  }
  count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} cases`;
}

heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click",
  () => sortBy(column, head.getAttribute("aria-sort") !== "ascending")));
search.addEventListener("input", filter);
status.addEventListener("change", filter);
flag.addEventListener("change", filter);
filter();
