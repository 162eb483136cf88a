/* Runs in the reader's browser, from a file: nothing here asks for an address. `vega` and `vegaLite` are globals. */
(() => {
  const root = document.documentElement;
  const data = (id) => JSON.parse(document.getElementById(id).textContent);
  const charts = data("charts");
  const grids = data("grids");
  const configs = data("configs");
  const views = new Map();

  /** Charts are drawn as wide as they have room, in the colours of the theme. */
  function draw(place) {
    const theme = root.dataset.theme;
    const width = Math.floor(place.clientWidth);
    const drawn = `${theme} ${width} ${place.dataset.order ?? ""}`;
    if (width === 0 || views.get(place)?.drawn === drawn) return;
    const grid = place.dataset.gridChart;
    const spec =
      grid === undefined ? chartFor(charts[place.dataset.chart], width) : tableFor(grids[grid], place, theme);
    const { spec: compiled } = vegaLite.compile(spec, { config: configs[theme] });
    views.get(place)?.view.finalize();
    const view = new vega.View(vega.parse(compiled), { container: place, renderer: "svg", hover: true });
    views.set(place, { drawn, view });
    view.runAsync().then(() => place.setAttribute("data-drawn", "yes"));
  }

  /** On a narrow screen names would lie over each other and take half of the width: there the legend has to do. */
  function chartFor(spec, width) {
    if (width >= 420) return { ...spec, width: width - 16 };
    return {
      ...spec,
      width: width - 16,
      layer: spec.layer.filter(({ name }) => name !== "names"),
      config: { axis: { labelLimit: 90 }, legend: { columns: 1 } },
    };
  }

  /** Rows stand where the table above has them; the colours of paper become those of the theme. */
  function tableFor(spec, place, theme) {
    const order = (place.dataset.order ?? "").split(" ").filter(Boolean).map(Number);
    const places = new Map(order.map((row, i) => [row, i]));
    const rowHeight = rowHeightOf(spec);
    const moved = (each) => {
      if (each.row === undefined || !places.has(each.row)) return each;
      const by = (places.get(each.row) - each.row) * rowHeight;
      return { ...each, y: each.y + by, ...(each.y2 === undefined ? {} : { y2: each.y2 + by }) };
    };
    const text = JSON.stringify({
      ...spec,
      layer: spec.layer.map((layer) => ({ ...layer, data: { values: layer.data.values.map(moved) } })),
    });
    return JSON.parse(theme === "dark" ? text.replace(/"#[0-9a-f]{6}"/g, (colour) => darkOf[colour] ?? colour) : text);
  }

  const darkOf = {
    '"#1b1f24"': '"#e6edf3"',
    '"#57606a"': '"#9da7b3"',
    '"#d0d7de"': '"#30363d"',
    '"#ffffff"': '"#0d1117"',
  };

  function rowHeightOf(spec) {
    const cells = spec.layer[0].data.values.filter(({ row }) => row !== undefined);
    return cells.length === 0 ? 0 : cells[0].y2 - cells[0].y;
  }

  /** One after the other, so that the page answers meanwhile; those of a closed part when it is opened. */
  const places = [...document.querySelectorAll(".chart")];
  let round = 0;
  function redraw() {
    const mine = ++round;
    const left = [...places];
    const next = () => {
      if (mine !== round || left.length === 0) return;
      draw(left.shift());
      setTimeout(next);
    };
    next();
  }
  for (const part of document.querySelectorAll("details"))
    part.addEventListener("toggle", () => {
      for (const place of part.querySelectorAll(".chart")) draw(place);
    });
  let waiting;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 120);
  }).observe(document.body);

  /* Theme: the reader's choice, else the system's. */
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen;
  const applyTheme = () => {
    root.dataset.theme = chosen ?? (dark.matches ? "dark" : "light");
    redraw();
  };
  dark.addEventListener("change", applyTheme);
  document.getElementById("theme").addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    applyTheme();
  });
  applyTheme();

  /* A small screen begins with the table, not with pages of warnings. */
  if (innerWidth < 640) for (const part of document.querySelectorAll("details.warned")) part.open = false;

  /* Tables: a heading sorts by its column, once more the other way round; what has no figure stays at the end. */
  const keyOf = (text) => {
    const number = /^[−-]?[\d.]+/.exec(text.trim());
    return number === null ? text.trim().toLowerCase() : Number(number[0].replace("−", "-"));
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1);
  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const body = table.tBodies[0];
    for (const [column, heading] of headings.entries())
      heading.querySelector("button").addEventListener("click", () => {
        const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        for (const other of headings) other.setAttribute("aria-sort", other === heading ? direction : "none");
        const rows = [...body.rows].map((row) => ({ row, text: row.cells[column].textContent }));
        const empty = ({ text }) => text.trim() === "–";
        rows.sort((a, b) => {
          if (empty(a) || empty(b)) return Number(empty(a)) - Number(empty(b));
          return (direction === "ascending" ? 1 : -1) * compare(keyOf(a.text), keyOf(b.text));
        });
        body.append(...rows.map(({ row }) => row));
        const chart = document.querySelector(`[data-grid-chart="${CSS.escape(table.dataset.grid)}"]`);
        if (chart === null) return;
        chart.dataset.order = rows.map(({ row }) => row.dataset.row).join(" ");
        if (views.has(chart)) draw(chart);
      });
  }

  /* Cards show small targets near by; enlarged, the whole photo is there. */
  const showWhole = (picture) => {
    const svg = picture.querySelector("svg");
    const [, , width, height] = svg.dataset.whole.split(" ");
    svg.setAttribute("viewBox", svg.dataset.whole);
    picture.style.setProperty("--ratio", width / height);
    for (const circle of svg.querySelectorAll("circle")) circle.setAttribute("r", circle.dataset.whole);
  };

  /* Masks: layers go off and on everywhere at once. */
  for (const viewer of document.querySelectorAll(".viewer")) {
    const cards = [...viewer.querySelectorAll(".card")];
    const dialog = viewer.querySelector("dialog");
    const place = dialog.querySelector(".place");
    for (const toggle of viewer.querySelectorAll("[data-layer]"))
      toggle.addEventListener("change", () => {
        for (const layer of viewer.querySelectorAll(`svg .${CSS.escape(toggle.dataset.layer)}`))
          layer.toggleAttribute("hidden", !toggle.checked);
      });
    for (const choice of viewer.querySelectorAll(".kinds input"))
      choice.addEventListener("change", () => {
        for (const card of cards) card.hidden = choice.value !== "all" && card.dataset.kind !== choice.value;
      });
    let current = 0;
    const enlarge = (card) => {
      current = cards.indexOf(card);
      place.replaceChildren(...[".picture", ".about", ".ious"].map((part) => card.querySelector(part).cloneNode(true)));
      showWhole(place.querySelector(".picture"));
    };
    for (const card of cards)
      card.querySelector(".open").addEventListener("click", () => {
        enlarge(card);
        dialog.showModal();
      });
    dialog.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
      if (step === undefined) return;
      const shown = cards.filter((card) => !card.hidden);
      const at = shown.indexOf(cards[current]);
      enlarge(shown[(at + step + shown.length) % shown.length]);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  for (const button of document.querySelectorAll(".copy"))
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "copied";
      } catch {
        // Pages from a file may not use the clipboard: the text is selected for the reader to copy.
        getSelection().selectAllChildren(code);
        button.textContent = "selected";
      }
    });
})();
