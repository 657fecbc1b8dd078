// The explorer's three charts: a stretched SVG from 0 to 1000 both ways, labels over it as text.
steelyard.logit = (p) => Math.log(p / (1 - p));

steelyard.paint = (box, { x, y, paths, dots, says }) => {
  const grid = x.map(([at]) => `M${at} 0V1000`).concat(y.map(([at]) => `M0 ${1000 - at}H1000`)).join("");
  const svgNames = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(svgNames, "svg");
  svg.setAttribute("viewBox", "0 0 1000 1000");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const add = (style, d) => {
    const path = document.createElementNS(svgNames, "path");
    path.setAttribute("class", style);
    path.setAttribute("d", d);
    svg.append(path);
  };
  add("grid", grid);
  paths.forEach(([style, d]) => d && add(style, d));
  dots.forEach(([style, px, py]) => add(`dot ${style}`, `M${px} ${1000 - py}h0`));
  const label = (style, side, at, text) => {
    const span = document.createElement("span");
    span.className = style;
    span.style[side] = `${at / 10}%`;
    span.textContent = text;
    return span;
  };
  box.replaceChildren(svg, ...x.map(([at, text]) => label("tx", "left", at, text)),
    ...y.map(([at, text]) => label("ty", "bottom", at, text)));
  box.setAttribute("aria-label", says);
};

steelyard.line = (points) =>
  (points.length ? "M" + points.map(([a, b]) => `${a.toFixed(1)} ${(1000 - b).toFixed(1)}`).join("L") : "");

steelyard.quarters = [0, 25, 50, 75, 100].map((k) => [10 * k, `${k} %`]);

steelyard.paintScores = (box, table, threshold, word) => {
  const { start, step, positives, negatives } = table.scores;
  const end = start + step * positives.length;
  const at = (logit) => (1000 * (logit - start)) / (end - start);
  const share = (counts) => {
    const total = counts.reduce((a, b) => a + b, 0);
    return counts.map((n) => n / total);
  };
  const [ours, theirs] = [share(positives), share(negatives)];
  const top = Math.max(...ours, ...theirs);
  const outline = (shares) => {
    let d = "M0 1000";
    shares.forEach((value, i) => {
      d += `V${(1000 - (950 * value) / top).toFixed(1)}H${at(start + step * (i + 1)).toFixed(1)}`;
    });
    return `${d}V1000`;
  };
  const marks = [1e-5, 1e-4, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999]
    .filter((p) => steelyard.logit(p) > start && steelyard.logit(p) < end)
    .reduce((kept, p) => {
      // Labels need room: one that would touch the one before is left out.
      const before = kept.at(-1);
      const room = before === undefined || at(steelyard.logit(p)) - at(steelyard.logit(before)) > 140;
      return room ? [...kept, p] : kept;
    }, []);
  const x = marks.map((p) => [at(steelyard.logit(p)), `${Number((100 * p).toPrecision(6))} %`]);
  const edge = Math.min(Math.max(threshold, 1e-9), 1 - 1e-9);
  const place = Math.min(1000, Math.max(0, at(steelyard.logit(edge))));
  steelyard.paint(box, {
    x,
    y: [[0, "0"], [950, steelyard.percent(top)]],
    paths: [["band", `M${place} 0H1000V1000H${place}Z`], ["s1 area", outline(theirs)], ["s0 area", outline(ours)],
      ["threshold", `M${place} 0V1000`]],
    dots: [],
    says: `Predicted probabilities of ${word} and of the rest; rows right of the threshold are flagged.`,
  });
};

steelyard.paintPrecisionRecall = (box, curve, i) => {
  const places = curve.recall.map((r, k) => [1000 * r, curve.precision[k]])
    .filter(([, p]) => p !== null).map(([r, p]) => [r, 1000 * p]);
  const here = curve.precision[i];
  steelyard.paint(box, {
    x: steelyard.quarters,
    y: steelyard.quarters,
    paths: [["s0", steelyard.line(places)]],
    dots: here === null ? [] : [["here", 1000 * curve.recall[i], 1000 * here]],
    says: here === null ? "No row is flagged."
      : `Recall ${steelyard.percent(curve.recall[i])}, precision ${steelyard.percent(here)}.`,
  });
};

steelyard.paintCost = (box, curve, i, most) => {
  const some = curve.flagged.filter((f) => f > 0);
  const fewest = Math.log(some[0]);
  const at = (flagged) => (flagged > 0 ? 1000 * (1 - Math.log(flagged) / fewest) : 0);
  const top = Math.max(...curve.cost) || 1;
  const step = steelyard.niceStep(top);
  const least = Math.min(...curve.cost);
  const near = curve.flagged.filter((f, k) => curve.cost[k] <= least * 1.01).map(at);
  const [from, to] = [Math.min(...near), Math.max(...near)];
  const y = [];
  for (let tick = 0; tick <= top; tick += step) y.push([(1000 * tick) / top, steelyard.amount(tick)]);
  const limit = most === null ? null : at(Math.min(1, Math.max(most / 1000, some[0])));
  steelyard.paint(box, {
    x: [1e-5, 1e-4, 0.001, 0.01, 0.1, 1].filter((f) => Math.log(f) >= fewest).map((f) => [at(f), `${Number((100 * f).toPrecision(6))} %`]),
    y,
    paths: [["band", `M${from} 0H${Math.max(to, from + 3)}V1000H${from}Z`],
      ["s0", steelyard.line(curve.flagged.map((f, k) => [at(f), (1000 * curve.cost[k]) / top]))],
      ["quiet dashed", limit === null ? "" : `M${limit} 0V1000`]],
    dots: [["here", at(curve.flagged[i]), (1000 * curve.cost[i]) / top]],
    says: `Cost ${steelyard.amount(curve.cost[i])} per 1,000 rows here, ${steelyard.amount(least)} at best.`,
  });
};
