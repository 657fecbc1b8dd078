// What a page shows that people cannot read; each gives the beginnings of the offending elements.
const probes = {};

probes.texts = () => [...document.querySelectorAll("body *")].filter((e) => {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  return own && e.checkVisibility() && !["SCRIPT", "STYLE", "OPTION"].includes(e.tagName);
});

probes.tooSmall = () => probes.texts()
  .filter((e) => parseFloat(getComputedStyle(e).fontSize) < 11)
  .map((e) => e.outerHTML.slice(0, 120));

probes.colour = (text) => {
  // A canvas turns any way of writing a colour into four numbers.
  probes.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  probes.canvas.clearRect(0, 0, 1, 1);
  probes.canvas.fillStyle = text;
  probes.canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probes.canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};

probes.over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));

probes.light = (colour) => {
  // Relative luminance as WCAG 2 defines it.
  const [r, g, b] = colour.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

probes.ground = (element) => {
  const layers = [];
  for (let one = element; one; one = one.parentElement) {
    layers.push(probes.colour(getComputedStyle(one).backgroundColor));
  }
  return layers.reverse().reduce((below, top) => probes.over(top, below), [255, 255, 255]);
};

probes.tooFaint = () => probes.texts().filter((e) => {
  if (e.tagName === "text" || e.disabled) return false;
  const ground = probes.ground(e);
  const text = probes.over(probes.colour(getComputedStyle(e).color), ground);
  const [a, b] = [probes.light(text), probes.light(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
}).map((e) => e.outerHTML.slice(0, 120));

probes.cut = () => [...document.querySelectorAll(".wide")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).length;
