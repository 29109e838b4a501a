// Collects every visible glyph with its box, what cannot be known, and the controls.
() => {
  const codes = [], boxes = [], words = [], ignore = [], controls = [];
  const pen = document.createElement("canvas").getContext("2d");
  const metrics = new Map();
  const W = innerWidth, H = innerHeight;
  let word = 0;

  function fontOf(style) {
    return `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  }
  function metricOf(style) {
    const key = fontOf(style);
    if (!metrics.has(key)) {
      pen.font = key;
      const m = pen.measureText("x");
      metrics.set(key, [m.fontBoundingBoxAscent, m.fontBoundingBoxDescent, parseFloat(style.fontSize)]);
    }
    return metrics.get(key);
  }
  function seen(element, x, y) {
    const hit = document.elementFromPoint(x, y);
    return hit !== null && (hit === element || element.contains(hit));
  }
  function baseOf(top, height, style) {
    const [ascent, descent, size] = metricOf(style);
    return [top + height * ascent / (ascent + descent), size];
  }
  // Nobody can read a letter that is cut off, or that something lies over in part.
  function whole(element, x, top, height, style) {
    const [base, size] = baseOf(top, height, style);
    return seen(element, x, base - 0.6 * size) && seen(element, x, base - 0.05 * size);
  }
  function put(code, left, right, top, height, style) {
    const [base, size] = baseOf(top, height, style);
    codes.push(code);
    boxes.push(left, base - 0.8 * size, right, base + 0.2 * size);
    words.push(word);
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let lastEnd = null;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "OPTION"].includes(parent.tagName)) { lastEnd = null; continue; }
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(parent);
    const upper = style.textTransform === "uppercase";
    let offset = 0;
    for (const character of node.data) {
      const start = offset;
      offset += character.length;
      if (!character.trim()) { word++; lastEnd = null; continue; }
      range.setStart(node, start);
      range.setEnd(node, offset);
      const r = range.getClientRects()[0];
      if (!r || r.width < 0.5 || r.bottom < 0 || r.top > H || r.left > W || r.right < 0) { word++; continue; }
      const x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2;
      if (x < 0 || y < 0 || x >= W || y >= H) { ignore.push(r.left, r.top, r.right, r.bottom); continue; }
      if (style.pointerEvents === "none") { ignore.push(r.left, r.top, r.right, r.bottom); word++; continue; }
      if (!seen(parent, x, y)) { word++; lastEnd = null; continue; }  // something lies over it
      if (!whole(parent, x, r.top, r.height, style)) { ignore.push(r.left, r.top, r.right, r.bottom); word++; lastEnd = null; continue; }
      if (lastEnd && (Math.abs(r.left - lastEnd[0]) > 0.1 * r.height || Math.abs(r.top - lastEnd[1]) > 0.3 * r.height)) word++;
      const spacing = parseFloat(style.letterSpacing) || 0;
      lastEnd = [r.right, r.top];
      put((upper ? character.toUpperCase() : character).codePointAt(0), r.left, r.right - spacing, r.top, r.height, style);
    }
    word++;
  }

  // The texts inside of a field, one a row: where the first begins, and the height of each row.
  function rowsOf(input, style, height) {
    const side = (edge) => parseFloat(style[`border${edge}Width`]) + parseFloat(style[`padding${edge}`]);
    const r = input.getBoundingClientRect();
    const top = r.top + side("Top"), bottom = r.bottom - side("Bottom");
    const menu = input.tagName === "SELECT";
    const text = menu ? input.selectedOptions[0].text : input.value || input.placeholder;
    const left = r.left + side("Left") + (menu && style.appearance !== "none" ? 4 : 0);  // Chromium's own
    const room = r.right - side("Right") - left - 4;
    if (input.tagName === "TEXTAREA") {
      const step = parseFloat(style.lineHeight) || height;
      return { texts: text.split("\n"), left, room, top: top + (step - height) / 2, step };
    }
    return { texts: [text], left, room, top: (top + bottom - height) / 2, step: 0 };
  }

  for (const input of document.querySelectorAll("input, select, textarea")) {
    const r = input.getBoundingClientRect(), style = getComputedStyle(input);
    if (r.bottom < 0 || r.top > H || r.width < 2) continue;
    if (input.type === "checkbox" || input.type === "radio") continue;
    const [ascent, descent] = metricOf(style), height = ascent + descent;
    const { texts, left, room, top, step } = rowsOf(input, style, height);
    if (!texts.join("")) continue;
    pen.font = fontOf(style);
    const plain = input.type !== "password" && style.textAlign === "start" && style.letterSpacing === "normal";
    const inside = seen(input, left + 3, top + height / 2) && r.bottom < H && r.right < W;
    const shown = top + (texts.length - 1) * step + height < r.bottom;
    if (!plain || !inside || !shown || texts.some((text) => pen.measureText(text).width > room)) {
      ignore.push(r.left, r.top, r.right, r.bottom);
      continue;
    }
    for (const [row, text] of texts.entries()) {
      word++;
      for (let i = 0; i < text.length; i++) {
        const from = left + pen.measureText(text.slice(0, i)).width;
        const to = left + pen.measureText(text.slice(0, i + 1)).width;
        if (!text[i].trim()) { word++; continue; }
        put(text.codePointAt(i), from, to, top + row * step, height, style);
      }
      word++;
    }
  }

  for (const control of document.querySelectorAll("[data-role]")) {
    const r = control.getBoundingClientRect();
    if (r.width < 2 || r.top >= H || r.left >= W || !control.checkVisibility()) continue;
    const x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2;
    if (x >= W || y >= H || !seen(control, x, y)) continue;
    const label = control.dataset.label ? document.getElementById(control.dataset.label) : null;
    const l = label ? label.getBoundingClientRect() : null;
    controls.push({
      role: control.dataset.role, name: control.dataset.name, state: control.dataset.state || "",
      box: [r.left, r.top, r.right, r.bottom], label_box: l ? [l.left, l.top, l.right, l.bottom] : null,
    });
  }
  return { codes, boxes, words, ignore, controls };
}
