// The threshold explorer: boxes, slider and buttons change one state; everything is drawn from it.
steelyard.explore = () => {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const byId = (id) => document.getElementById(id);
  const form = byId("controls");
  const slider = byId("slider");
  const unpacked = new Map();
  const state = {};

  const table = () => {
    const key = `${state.technique} ${state.class}`;
    if (!unpacked.has(key)) {
      unpacked.set(key, steelyard.unpack(data.techniques[state.technique].tables[state.class]));
    }
    return unpacked.get(key);
  };
  const kind = () => data.classes[state.class];
  const shown = () => table().t.map((t) => steelyard.moved(t, kind().natural, state.prevalence));
  const curve = () => steelyard.curve(table(), state.prevalence, state.alarm, state.miss);
  const own = () => (state.class === data.class ? data.techniques[state.technique].own : null);
  const jumps = () => steelyard.jumps(table(), curve(), own(), shown(), state.most);

  const between = (text, low, high) => {
    const value = Number(String(text).replace(",", "."));
    return text !== "" && Number.isFinite(value) && value > low && value < high ? value : null;
  };

  const reset = () => Object.assign(state, {
    technique: data.technique,
    class: data.class,
    alarm: data.alarm,
    miss: data.miss,
    prevalence: data.classes[data.class].prevalence,
    most: data.per_thousand,
    at: null,
  });

  const nearest = (threshold) => {
    // The last threshold that is not below: it flags the same rows, or the closest fewer.
    const all = table().t;
    return Math.max(0, all.filter((t) => t >= threshold - 1e-15).length - 1);
  };

  const fromAddress = () => {
    reset();
    const [place, query] = location.hash.slice(1).split("?");
    if (place !== "explorer" || !query) return false;
    const asked = new URLSearchParams(query);
    const technique = data.techniques.findIndex((one) => one.name === asked.get("technique"));
    if (technique >= 0) state.technique = technique;
    const k = data.classes.findIndex((one) => one.name === asked.get("class"));
    if (k >= 0) state.class = k;
    state.prevalence = between(asked.get("prevalence") ?? "", 0, 1) ?? kind().prevalence;
    state.alarm = between(asked.get("alarm") ?? "", 0, Infinity) ?? state.alarm;
    state.miss = between(asked.get("miss") ?? "", 0, Infinity) ?? state.miss;
    state.most = between(asked.get("most") ?? "", 0, 1001) ?? state.most;
    const at = between(asked.get("threshold") ?? "", -1, 2);
    state.at = at === null ? null : nearest(at);
    return true;
  };

  const toAddress = () => {
    const asked = new URLSearchParams({
      technique: data.techniques[state.technique].name,
      class: kind().name,
      miss: state.miss,
      alarm: state.alarm,
      prevalence: state.prevalence,
      threshold: table().t[state.at],
    });
    if (state.most !== null) asked.set("most", state.most);
    try {
      history.replaceState(null, "", `#explorer?${asked}`);
    } catch {
      // Some browsers keep the address of a page from disk as it is; the page works all the same.
    }
  };

  const option = (select, names, chosen) => {
    select.replaceChildren(...names.map((name, i) => new Option(name, i, false, i === chosen)));
    select.closest("label").hidden = names.length < 2;
  };

  const fillForm = () => {
    option(form.technique, data.techniques.map((one) => one.name), state.technique);
    option(form.class, data.classes.map((one) => one.name), state.class);
    form.miss.value = state.miss;
    form.alarm.value = state.alarm;
    form.prevalence.value = Number((100 * state.prevalence).toPrecision(4));
    form.most.value = state.most ?? "";
  };

  const range = (found, show) =>
    (found.low === found.high ? "" : `${show(found.low)} to ${show(found.high)}`);
  const thousand = (value) => steelyard.outOf(value / 1000, 1000);

  const figures = (found) => {
    const optional = (show) => (value) => (value === null ? "-" : show(value));
    const percent = optional((value) => steelyard.percent(value));
    const lines = [
      ["Cases found", found.caught, thousand],
      ["Cases missed", found.missed, thousand],
      ["False alarms", found.false_alarms, thousand],
      ["Flagged", found.flagged, thousand],
      ["Recall", found.recall, percent],
      ["Precision", found.precision, percent],
      ["Cost", found.cost, steelyard.amount],
      ["Cost of flagging no row", found.cost_of_none, steelyard.amount],
      ["Cost of flagging every row", found.cost_of_all, steelyard.amount],
      ["Net benefit in cases found", found.net_benefit, steelyard.amount],
    ];
    byId("figures").replaceChildren(...lines.map(([name, value, show]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      const cells = [show(value.value), range(value, show)].map((text) => {
        const cell = document.createElement("td");
        cell.className = "n";
        cell.textContent = text;
        return cell;
      });
      row.append(head, ...cells);
      return row;
    }));
  };

  const say = (found, threshold) => {
    const of = (one, whole) => `${steelyard.outOf(one.value, whole)} of ${whole} ` +
      `(${steelyard.outOf(one.low, whole)} to ${steelyard.outOf(one.high, whole)})`;
    const real = found.precision.value === null ? "no row is flagged" : `${of(found.precision, 100)} flagged are real`;
    byId("said").textContent = `Flag ${kind().name} from ${steelyard.percent(threshold)} on: finds ` +
      `${of(found.recall, 100)} cases, ${real}, ${thousand(found.flagged.value)} of 1,000 rows flagged, ` +
      `costs ${steelyard.amount(found.cost.value)} per 1,000.`;
  };

  const command = (threshold) => {
    const usual = kind().prevalence === state.prevalence;
    let says = table().t[state.at] === own() && usual ? "The model decides by this one already:"
      : "This command makes it the model's:";
    let words = `${data.commands.retune}${usual ? "" : ` --prevalence ${steelyard.decimal(state.prevalence)}`}` +
      ` --threshold ${steelyard.decimal(threshold)}`;
    if (!data.commands.retune) {
      says = `Flag from a score's calibrated probability of ${steelyard.decimal(threshold)} on.`;
      words = "";
    } else if (state.technique !== data.technique) {
      says = `The run's model is ${data.techniques[data.technique].name}. This one is trained with:`;
      words = data.commands.train[state.technique];
    } else if (!data.one_threshold) {
      says = "With more than two classes the model weighs them all, so that no single threshold can be set.";
      words = "";
      if (!usual && state.class === data.class) {
        says += " Other class shares can:";
        words = `${data.commands.retune} --prevalence ${steelyard.decimal(state.prevalence)}`;
      }
    }
    byId("command").parentElement.hidden = words === "";
    byId("command-says").textContent = says;
    byId("command").textContent = words;
  };

  const draw = () => {
    const all = shown();
    const drawn = curve();
    const there = jumps();
    if (state.at === null) state.at = (there.find(([code]) => code === "own") ?? there[0])[2];
    state.at = Math.min(state.at, all.length - 1);
    const found = steelyard.consequences(table(), state.at, state.prevalence, state.alarm, state.miss);
    slider.max = all.length - 1;
    slider.value = state.at;
    slider.setAttribute("aria-valuetext",
      `${thousand(found.flagged.value)} of 1,000 rows flagged, from ${steelyard.percent(all[state.at])} on`);
    byId("jumps").querySelectorAll("button").forEach((button) => {
      const jump = there.find(([code]) => code === button.dataset.jump);
      button.disabled = !jump;
      button.setAttribute("aria-pressed", String(Boolean(jump) && jump[2] === state.at));
    });
    byId("legend-class").textContent = kind().name;
    say(found, all[state.at]);
    figures(found);
    command(all[state.at]);
    steelyard.paintScores(byId("scores"), table(), table().t[state.at], kind().name);
    steelyard.paintPrecisionRecall(byId("pr"), drawn, state.at);
    steelyard.paintCost(byId("paid"), drawn, state.at, state.most);
  };

  const changed = () => { draw(); toAddress(); };

  const moveTo = (technique, k) => {
    // Another table has other thresholds: go to its own choice, or to one that flags as many.
    const flagged = curve().flagged[state.at];
    const atOwn = own() !== null && table().t[state.at] === own();
    const other = state.class !== k;
    Object.assign(state, { technique, class: k });
    if (other) state.prevalence = kind().prevalence;
    const more = curve().flagged.findIndex((f) => f >= flagged);
    state.at = atOwn || other ? null : more < 0 ? table().t.length - 1 : more;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.name === "technique") moveTo(Number(form.technique.value), state.class);
    if (event.target.name === "class") moveTo(state.technique, Number(form.class.value));
    const typed = {
      miss: between(form.miss.value, 0, Infinity),
      alarm: between(form.alarm.value, 0, Infinity),
      prevalence: between(form.prevalence.value, 0, 100),
    };
    if (event.target.name === "miss" && typed.miss) state.miss = typed.miss;
    if (event.target.name === "alarm" && typed.alarm) state.alarm = typed.alarm;
    if (event.target.name === "prevalence" && typed.prevalence) state.prevalence = Number((typed.prevalence / 100).toPrecision(12));
    if (event.target.name === "most") state.most = between(form.most.value, 0, 1001);
    ["miss", "alarm", "prevalence"].forEach((name) =>
      form[name].setAttribute("aria-invalid", String(typed[name] === null)));
    changed();
    if (event.target.tagName === "SELECT") fillForm();
  });
  slider.addEventListener("input", () => { state.at = Number(slider.value); changed(); });
  window.addEventListener("hashchange", () => { if (fromAddress()) { fillForm(); draw(); } });

  const linked = fromAddress();
  byId("jumps").replaceChildren(
    ...[...(data.one_threshold ? [["own", "steelyard's choice"]] : []), ["cost", "least cost"], ["f1", "best F1"],
      ["recall", "recall of 90 %"], ["half", "0.5"]].map(([code, name]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.jump = code;
      button.textContent = name;
      button.addEventListener("click", () => {
        state.at = jumps().find(([one]) => one === code)[2];
        changed();
      });
      return button;
    }));
  byId("live").hidden = false;
  fillForm();
  draw();
  if (linked) byId("explorer").scrollIntoView();
  document.documentElement.dataset.ready = "true";
};

if (document.getElementById("explorer-data")) steelyard.explore();
