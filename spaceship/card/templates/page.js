"use strict";

/* Tables sort by a click on the head of a column, or by Enter; what is not known stays last. */
const order = new Intl.Collator("en", { numeric: true });
const valueOf = (cell) => {
  const figure = cell.querySelector("[data-value]");
  if (figure) return Number(figure.dataset.value);
  return cell.querySelector(".none") ? null : cell.textContent.trim() || null;
};
const compare = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : order.compare(String(a), String(b));

function sort(table, head, column) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells)
    if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const lines = [...table.tBodies[0].rows].map((row) => [valueOf(row.cells[column]), row]);
  lines.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null)
    : (down ? -1 : 1) * compare(a, b)));
  table.tBodies[0].append(...lines.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sort"))
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.scope = "col";
    if (head.classList.contains("still")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sort(table, head, column));
  });

/* Commands have a button that copies them, or selects them where a browser does not let it. */
for (const box of document.querySelectorAll(".command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const code = box.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });
  box.append(button);
}

/* A phone shows the values of a row only when asked. */
if (matchMedia("(max-width: 40rem)").matches)
  for (const box of document.querySelectorAll(".values details")) box.open = false;

/* Paper shows everything. */
addEventListener("beforeprint", () => {
  for (const closed of document.querySelectorAll("details:not([open])")) {
    closed.open = true;
    addEventListener("afterprint", () => { closed.open = false; }, { once: true });
  }
});
