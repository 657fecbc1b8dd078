// What a threshold means per 1,000 rows: stats/consequences.py and useful_thresholds.py again.
steelyard.Z95 = 1.959963984540054;

steelyard.wilson = (hits, total) => {
  const z = steelyard.Z95;
  const share = hits / total;
  const spread = (z * z) / total;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (z / (1 + spread)) * Math.sqrt((share * (1 - share)) / total + spread / (4 * total));
  return {
    low: hits === 0 ? 0 : Math.max(0, centre - half),
    high: hits === total ? 1 : Math.min(1, centre + half),
  };
};

steelyard.unpack = (table) => {
  let sum = 0;
  const whole = (text) => { sum = 0; return text.split(" ").map((step) => (sum += Number(step))); };
  return { ...table, t: table.t.split(" ").map(Number), tp: whole(table.tp), fp: whole(table.fp) };
};

steelyard.moved = (threshold, natural, there) => {
  const up = there / natural;
  const down = (1 - there) / (1 - natural);
  return (threshold * up) / (threshold * up + (1 - threshold) * down);
};

steelyard.consequences = (table, i, prevalence, alarm, miss) => {
  const [tp, fp, repeats] = [table.tp[i], table.fp[i], table.repeats];
  const share = (hits, total) =>
    ({ value: hits / total, ...steelyard.wilson(hits / repeats, total / repeats) });
  const times = (factor, of) => {
    const ends = [factor * of.low, factor * of.high].sort((a, b) => a - b);
    return { value: factor * of.value, low: ends[0], high: ends[1] };
  };
  const sum = (one, other) => {
    const value = one.value + other.value;
    const down = Math.hypot(one.value - one.low, other.value - other.low);
    const up = Math.hypot(one.high - one.value, other.high - other.value);
    return { value, low: value - down, high: value + up };
  };
  const exact = (value) => ({ value, low: value, high: value });
  const recall = share(tp, table.positives);
  const alarms = share(fp, table.negatives);
  const rest = { value: 1 - recall.value, low: 1 - recall.high, high: 1 - recall.low };
  let precision = { value: null, low: null, high: null };
  if (tp + fp > 0) {
    const each = (((1 - prevalence) / prevalence) * table.positives) / table.negatives;
    const there = (p) => (p ? p / (p + each * (1 - p)) : 0);
    const here = share(tp, tp + fp);
    precision = { value: there(here.value), low: there(here.low), high: there(here.high) };
  }
  const found = {
    recall,
    precision,
    caught: times(1000 * prevalence, recall),
    missed: times(1000 * prevalence, rest),
    false_alarms: times(1000 * (1 - prevalence), alarms),
  };
  found.flagged = sum(found.caught, found.false_alarms);
  found.cost = sum(times(miss, found.missed), times(alarm, found.false_alarms));
  found.cost_of_none = exact(1000 * prevalence * miss);
  found.cost_of_all = exact(1000 * (1 - prevalence) * alarm);
  found.net_benefit = sum(found.caught, times(-alarm / miss, found.false_alarms));
  return found;
};

steelyard.curve = (table, prevalence, alarm, miss) => {
  const recall = table.tp.map((n) => n / table.positives);
  const false_ = table.fp.map((n) => (1 - prevalence) * (n / table.negatives));
  const caught = recall.map((r) => prevalence * r);
  return {
    recall,
    flagged: caught.map((c, i) => c + false_[i]),
    precision: caught.map((c, i) => (c + false_[i] > 0 ? c / (c + false_[i]) : null)),
    cost: caught.map((c, i) => 1000 * (miss * (prevalence - c) + alarm * false_[i])),
    f1: caught.map((c, i) => (2 * c) / (prevalence + c + false_[i])),
  };
};

steelyard.jumps = (table, curve, own, shown, most) => {
  // Only thresholds that flag no more than was asked for can be jumped to.
  const within = (i) => most === null || 1000 * curve.flagged[i] <= most + 1e-6;
  const best = (values, sign) => values.reduce(
    (at, value, i) => (within(i) && (at < 0 || sign * value > sign * values[at]) ? i : at), -1);
  const found = [];
  if (own !== null && table.t.includes(own)) found.push(["own", "steelyard's choice", table.t.indexOf(own)]);
  found.push(["cost", "least cost", best(curve.cost, -1)]);
  found.push(["f1", "best F1", best(curve.f1, 1)]);
  found.push(["recall", "recall of 90 %", curve.recall.findIndex((r) => r >= 0.9)]);
  found.push(["half", "0.5", shown.filter((t) => t >= 0.5 - 1e-12).length - 1]);
  return found.filter(([, , i]) => i >= 0);
};
