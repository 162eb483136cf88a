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
    const spec = grid === undefined ? chartFor(place, width) : tableFor(grids[grid], place, theme);
    const { spec: compiled } = vegaLite.compile(spec, { config: configs[theme] });
    views.get(place)?.view.finalize();
    const view = new vega.View(vega.parse(compiled), { container: place, renderer: "svg", hover: true });
    views.set(place, { drawn, view });
    // The width that it was drawn for tells whether it is drawn as it has room now.
    view.runAsync().then(() => {
      if (views.get(place).view === view) place.setAttribute("data-drawn", width);
    });
  }

  /**
   * A chart of a fixed size is drawn as it is: its names lie where they have room. The others are as wide as their place.
   */
  function chartFor(place, width) {
    const { spec: wide, narrow } = charts[place.dataset.chart];
    if (narrow !== undefined) return width >= wide.width + 60 ? wide : narrow;
    if (width >= 420) return { ...wide, width: width - 16 };
    const inTwoColumns = (key, value) => (key === "legend" && value ? { ...value, columns: 2 } : value);
    const layer = wide.layer.filter(({ name }) => name !== "names");
    // Three in a row on a wide screen, a chart on a small one, three in a row on paper.
    const fontSize = width >= 340 ? 11 : width >= 240 ? 10 : 8.5;
    return {
      ...wide,
      width: width - 16,
      layer: JSON.parse(JSON.stringify(layer, inTwoColumns)),
      // Names of settings differ at their ends, so they are small rather than cut.
      config: {
        axis: { labelLimit: 180, labelFontSize: fontSize, titleFontSize: Math.min(fontSize, 10) },
        legend: { columnPadding: 8, labelFontSize: Math.min(fontSize, 10) },
      },
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
  let printing = false;
  const applyTheme = () => {
    root.dataset.theme = printing ? "light" : (chosen ?? (dark.matches ? "dark" : "light"));
    redraw();
  };
  dark.addEventListener("change", applyTheme);
  document.getElementById("theme").addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    applyTheme();
  });
  applyTheme();

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
        const rows = [...body.rows].map((row) => ({ row, text: row.cells[column].dataset.value }));
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

  /* Further columns come and go by a button; a small screen sorts its cards by a list. */
  for (const button of document.querySelectorAll(".further-button")) {
    const section = button.closest("section");
    const title = button.textContent;
    button.addEventListener("click", () => {
      const all = section.querySelector("table.sortable").classList.toggle("all");
      button.setAttribute("aria-pressed", String(all));
      button.textContent = all ? "fewer columns" : title;
    });
  }
  for (const list of document.querySelectorAll(".sort-by select"))
    list.addEventListener("change", () => {
      const table = list.closest("section").querySelector("table.sortable");
      table.tHead.rows[0].cells[Number(list.value)].querySelector("button").click();
    });

  /* The number of a warning leads to its text, which is closed at first. */
  document.addEventListener("click", ({ target }) => {
    const link = target.closest(".numbers a");
    if (link !== null) document.getElementById(link.hash.slice(1)).closest("details").open = true;
  });

  /* Paper is light, and has every warning and what the figures mean. */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.warned:not([open]), details.meaning:not([open])")];
    for (const part of opened) part.open = true;
    printing = true;
    root.dataset.theme = "light";
    // At once: paper does not wait for charts that are drawn one after the other.
    for (const place of places) draw(place);
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
    printing = false;
    applyTheme();
  });

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
    const filters = [...viewer.querySelectorAll("[data-filter]")];
    const count = viewer.querySelector(".count");
    const filter = () => {
      for (const card of cards)
        card.hidden = filters.some(({ value, dataset }) => value !== "" && card.dataset[dataset.filter] !== value);
      const shown = cards.filter(({ hidden }) => !hidden).length;
      count.textContent = shown === cards.length ? "" : `${shown} of ${cards.length} shown`;
    };
    for (const each of filters) each.addEventListener("change", filter);
    let current = 0;
    const enlarge = (card) => {
      current = cards.indexOf(card);
      place.replaceChildren(
        ...[".about", ".views, .open", ".ious"].map((part) => card.querySelector(part).cloneNode(true)),
      );
      for (const picture of place.querySelectorAll(".picture")) showWhole(picture);
      for (const button of place.querySelectorAll(".open")) button.replaceWith(...button.childNodes);
    };
    for (const card of cards)
      for (const button of card.querySelectorAll(".open"))
        button.addEventListener("click", () => {
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
