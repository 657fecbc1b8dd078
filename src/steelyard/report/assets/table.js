// Tables that sort, commands that copy, the comparison's other views.
steelyard.copy = async (button) => {
  const source = document.getElementById(button.dataset.copy);
  const done = () => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  try {
    await navigator.clipboard.writeText(source.textContent);
    done();
  } catch {
    // Pages opened from disk may not write to the clipboard: the text is selected for a key press.
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    if (document.execCommand("copy")) done();
    else button.textContent = "Selected";
  }
};

steelyard.sort = (table, column, down) => {
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const rows = [...table.tBodies[0].rows];
  const numbers = rows.every((row) => value(row) === "" || !Number.isNaN(Number(value(row))));
  rows.sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === "" || other === "") return (one === "") - (other === "");
    const order = numbers ? one - other : one.localeCompare(other);
    return down ? -order : order;
  });
  table.tBodies[0].append(...rows);
};

steelyard.makeSortable = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!("sort" in head.dataset)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      steelyard.sort(table, column, down);
    });
  });
};

steelyard.strips = (table) => {
  const data = JSON.parse(document.getElementById("comparison-data").textContent);
  const svgs = [...table.tBodies[0].rows].map((row) => row.querySelector("svg.range"));
  const axis = document.getElementById("strip-axis");
  if (!axis || svgs.includes(null)) return;
  const holder = document.getElementById("views");
  const title = document.getElementById("strip-title");
  const first = { title: title.textContent, rows: svgs.map((svg) => svg.innerHTML), axis: axis.innerHTML,
    texts: svgs.map((svg) => svg.parentElement.querySelector("small").textContent) };
  const make = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };
  const differences = () => {
    title.textContent = first.title;
    axis.innerHTML = first.axis;
    svgs.forEach((svg, i) => {
      svg.innerHTML = first.rows[i];
      svg.parentElement.querySelector("small").textContent = first.texts[i];
    });
  };
  // Marks and intervals of every row, on a scale of their own; `zero`: a line where nothing differs.
  const draw = (shown, heading, zero) => {
    const ends = shown.filter((one) => one && one[0] !== null).flat().concat(zero ? [0] : []);
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    const margin = 0.04 * (most - least || 1);
    const [low, high] = [least - margin, most + margin];
    const at = (value) => `${(100 * (value - low)) / (high - low)}%`;
    const text = (value, digits) => (zero && value > 0 ? "+" : "") + steelyard.number(value, digits);
    title.textContent = heading;
    svgs.forEach((svg, i) => {
      const [value, from, to] = shown[i] ?? [null];
      const mark = svg.closest("tr").querySelector("th path").getAttribute("d");
      svg.replaceChildren();
      if (zero) svg.append(make("line", { class: "zero", x1: at(0), x2: at(0), y1: 0, y2: "100%" }));
      const said = value === null ? (zero ? "" : "-") : `${text(value)} (${text(from)} to ${text(to)})`;
      svg.parentElement.querySelector("small").textContent = said;
      svg.setAttribute("aria-label", said || "no difference to show");
      if (value === null) return;
      svg.append(make("line", { class: "whisker", x1: at(from), x2: at(to), y1: "50%", y2: "50%" }));
      const over = make("svg", { x: at(value), y: "50%", class: "over" });
      over.append(make("path", { class: "mark", d: mark }));
      svg.append(over);
    });
    const step = steelyard.niceStep(high - low);
    axis.replaceChildren();
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
      const label = make("text", { x: at(tick), y: 12 });
      label.textContent = text(tick, step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3);
      axis.append(label);
    }
  };
  const hasDifferences = (view) => data.rows.some((row) => view.name in row.differences);
  const state = { view: data.views[0], apart: true };
  const show = () => {
    const view = state.view;
    if (state.apart && view === data.views[0]) differences();
    else if (state.apart && hasDifferences(view)) {
      const side = view.better === "higher" ? "right" : "left";
      // The constant baseline would squeeze all others into a corner.
      const shown = data.rows.map((row) => (row.constant ? null : row.differences[view.name] ?? null));
      draw(shown, `${view.label}, difference to ${data.reference} (${side} is better)`, true);
    } else draw(data.rows.map((row) => row.values[view.name]), `${view.label}, 95 % interval`, false);
    holder.querySelectorAll("button").forEach((one) => {
      const on = one.dataset.view ? one.dataset.view === view.name : (one.dataset.kind === "apart") === state.apart;
      one.setAttribute("aria-pressed", String(on));
    });
  };
  const button = (label, dataset, change) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    Object.assign(made.dataset, dataset);
    made.addEventListener("click", () => { change(); show(); });
    holder.append(made);
  };
  button("Difference", { kind: "apart" }, () => { state.apart = true; });
  button("Value", { kind: "value" }, () => { state.apart = false; });
  data.views.forEach((view) => button(view.label, { view: view.name }, () => { state.view = view; }));
  show();
  holder.hidden = false;
};

steelyard.niceStep = (span) => {
  const power = 10 ** Number((span / 4).toExponential().split("e")[1]);
  return power * [1, 2, 5, 10].find((m) => span / (power * m) <= 7);
};

document.querySelectorAll("[data-copy]").forEach((button) =>
  button.addEventListener("click", () => steelyard.copy(button)));
document.querySelectorAll("table.sortable").forEach(steelyard.makeSortable);
if (document.getElementById("compared")) steelyard.strips(document.getElementById("compared"));
// What is folded away on the screen is on paper.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
