"use strict";
// The formatter of formatting.py again, to the digit: the page's script shows what Python would.
const steelyard = {};

steelyard.fixed = (value, digits) => {
  // Both round exact halves of binary numbers; Python to even, JavaScript away from zero.
  const scaled = Math.abs(value) * 10 ** digits;
  if (scaled < 2 ** 52 && scaled % 1 === 0.5 && Math.floor(scaled) % 2 === 0) {
    const exact = Math.abs(value) % 2 ** -Math.min(digits + 1, 40) === 0;
    if (exact) return (Math.sign(value) * Math.floor(scaled) / 10 ** digits).toFixed(digits);
  }
  const text = value.toFixed(digits);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
};

steelyard.digits = (nearer) =>
  nearer ? Math.max(0, 1 - Number(nearer.toExponential().split("e")[1])) : 0;

steelyard.percent = (share, digits) => {
  if (share === 0 || share === 1) return `${100 * share} %`;
  const nearer = 100 * Math.min(Math.abs(share), Math.abs(1 - share));
  const shown = digits ?? Math.max(1, steelyard.digits(nearer));
  return `${steelyard.fixed(100 * share, Math.min(shown, 6))} %`;
};

steelyard.outOf = (share, whole) => {
  const nearer = whole * Math.min(Math.abs(share), Math.abs(1 - share));
  const digits = nearer >= whole / 100 ? 0 : Math.min(steelyard.digits(nearer), 6);
  return steelyard.fixed(whole * share, digits);
};

steelyard.amount = (value) => {
  if (value === null) return "-";
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) {
    return steelyard.fixed(value, 0).replace(/\B(?=(\d{3})+$)/g, ",");
  }
  return steelyard.fixed(value, Math.min(Math.max(1, steelyard.digits(Math.abs(value))), 6));
};

steelyard.number = (value, digits = 3) => {
  if (value === null) return "-";
  const rounded = Number(steelyard.fixed(value, digits));
  const text = Math.abs(rounded) < 10 ? steelyard.fixed(rounded, digits) : steelyard.fixed(rounded, 1);
  return text.replace(/^(-?)0\./, "$1.");
};

steelyard.signed = (value, digits = 3) => {
  const text = steelyard.fixed(value, digits);
  return (text.startsWith("-") ? text : `+${text}`).replace(/^([+-])0\./, "$1.");
};

steelyard.decimal = (value) => {
  const text = String(value);
  if (!text.includes("e")) return text;
  const [mantissa, exponent] = text.split("e");
  return value.toFixed(Math.min(100, -Number(exponent) + (mantissa.split(".")[1] ?? "").length));
};
