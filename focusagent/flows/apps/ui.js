'use strict';
// Shared by all apps: design switch, state that survives a reload, small HTML builders, events.
// The icons are drawn for these pages on a 24 x 24 grid.
const page = document.documentElement;
const DESIGN = new URLSearchParams(location.search).get('design') === 'b' ? 'b' : 'a';
page.className = `theme-${page.dataset[DESIGN]} design-${DESIGN}`;

const ICONS = {
  archive: '<path d="M3 4h18v5H3zM5 9v11h14V9M10 13h4"/>',
  bell: '<path d="M6 17V11a6 6 0 0 1 12 0v6l2 1H4zM10 21h4"/>',
  copy: '<path d="M9 9h11v11H9zM5 15H4V4h11v1"/>',
  dots: '<path d="M5 12h.01M12 12h.01M19 12h.01" stroke-width="3.5"/>',
  download: '<path d="M12 4v11M7 11l5 5 5-5M4 20h16"/>',
  eye: '<path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z"/><circle cx="12" cy="12" r="3"/>',
  file: '<path d="M6 3h8l5 5v13H6zM14 3v5h5"/>',
  first: '<path d="M18 6l-6 6 6 6M7 6v12"/>',
  gear: '<circle cx="12" cy="12" r="3"/><path d="M10.3 5.0L10.5 2.1L13.5 2.1L13.7 5.0L15.7 5.8L17.9 4.0L20.0 6.1L18.2 8.3L19.0 10.3L21.9 10.5L21.9 13.5L19.0 13.7L18.2 15.7L20.0 17.9L17.9 20.0L15.7 18.2L13.7 19.0L13.5 21.9L10.5 21.9L10.3 19.0L8.3 18.2L6.1 20.0L4.0 17.9L5.8 15.7L5.0 13.7L2.1 13.5L2.1 10.5L5.0 10.3L5.8 8.3L4.0 6.1L6.1 4.0L8.3 5.8z"/>',
  heart: '<path d="M12 20S3 14.5 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5C21 14.5 12 20 12 20z"/>',
  inbox: '<path d="M3 13l3-9h12l3 9v7H3zM3 13h6l1 3h4l1-3h6"/>',
  last: '<path d="M6 6l6 6-6 6M17 6v12"/>',
  left: '<path d="M15 5l-7 7 7 7"/>',
  mail: '<path d="M3 5h18v14H3zM3 6l9 7 9-7"/>',
  minus: '<path d="M5 12h14"/>',
  pencil: '<path d="M4 20l1-5L16 4l4 4L9 19zM14 6l4 4"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  printer: '<path d="M7 8V3h10v5M7 17H4V8h16v9h-3M7 14h10v7H7z"/>',
  refresh: '<path d="M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5"/>',
  right: '<path d="M9 5l7 7-7 7"/>',
  search: '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>',
  send: '<path d="M21 3L3 10l7 3 3 8zM21 3L10 13"/>',
  share: '<circle cx="6" cy="12" r="2.5"/><circle cx="18" cy="5" r="2.5"/><circle cx="18" cy="19" r="2.5"/><path d="M8.2 11l7.6-4.8M8.2 13l7.6 4.8"/>',
  star: '<path d="M12 3l2.8 5.9 6.2.8-4.6 4.3 1.2 6.3-5.6-3.1-5.6 3.1 1.2-6.3L3 9.7l6.2-.8z"/>',
  thumbdown: '<path d="M7 13V4H3v9zM7 5l3-1h8l2 8v2h-6l1 6-2 1-5-8"/>',
  thumbup: '<path d="M7 11v9H3v-9zM7 19l3 1h8l2-8v-2h-6l1-6-2-1-5 8"/>',
  trash: '<path d="M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6"/>',
  truck: '<path d="M2 6h12v11H2zM14 10h4l4 4v3h-8"/><circle cx="7" cy="18" r="2"/><circle cx="17.5" cy="18" r="2"/>',
  upload: '<path d="M12 16V5M7 9l5-5 5 5M4 20h16"/>',
  user: '<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4 4-6 8-6s8 2 8 6"/>',
};
const icon = (name, on) => `<svg viewBox="0 0 24 24"${on ? ' class="on"' : ''}>${ICONS[name]}</svg>`;
const esc = text => String(text ?? '').replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
const money = amount => amount.toLocaleString('en-US', {minimumFractionDigits: 2, maximumFractionDigits: 2});

// What a flow's oracle reads; kept for this tab, so that a reload does not undo the work.
const KEPT = location.pathname;
let state;
const remember = first => {
  state = window.state = JSON.parse(sessionStorage.getItem(KEPT) || 'null') || first;
  addEventListener('pagehide', () => sessionStorage.setItem(KEPT, JSON.stringify(state)));
};
const draft = {};  // what stands in fields, until an action takes it over

const data = (act, arg) => (act ? ` data-do="${act}"` : '') + (arg === undefined ? '' : ` data-arg="${esc(arg)}"`);
const button = (text, act, arg, kind = '') => `<button type="button" class="btn ${kind}"${data(act, arg)}>${text}</button>`;
const iconButton = (name, act, arg, label, on) =>
  `<button type="button" class="icon-btn" aria-label="${esc(label)}"${data(act, arg)}>${icon(name, on)}</button>`;
const field = (label, key, more = '') =>
  `<label class="field"><span>${label}</span><input data-key="${key}" value="${esc(draft[key])}" autocomplete="off" ${more}></label>`;
const area = (label, key) =>
  `<label class="field tall"><span>${label}</span><textarea data-key="${key}">${esc(draft[key])}</textarea></label>`;
const select = (label, key, options) => `<label class="field"><span>${label}</span><select data-key="${key}">` +
  options.map(text => `<option${draft[key] === text ? ' selected' : ''}>${esc(text)}</option>`).join('') + '</select></label>';
const check = (label, key) =>
  `<label class="check"><input type="checkbox" data-key="${key}"${draft[key] ? ' checked' : ''}><span>${label}</span></label>`;
const radio = (label, key, value) =>
  `<label class="check"><input type="radio" name="${key}" data-key="${key}" value="${esc(value)}"${draft[key] === value ? ' checked' : ''}><span>${label}</span></label>`;
const toggle = (label, key, hint = '') => `<label class="toggle"><span>${label}<small>${hint}</small></span>` +
  `<input type="checkbox" role="switch" data-key="${key}"${draft[key] ? ' checked' : ''}><i></i></label>`;
const tag = text => `<span class="tag ${text.toLowerCase().replace(/\W+/g, '-')}">${esc(text)}</span>`;
const dialog = (title, body, buttons) =>
  `<div class="veil"><div class="dialog" role="dialog"><h2>${title}</h2><div>${body}</div><div class="bar end">${buttons}</div></div></div>`;

/** Columns are [head, cell, kind]; the second design shows the inner ones the other way round. */
function table(columns, rows, options = {}) {
  const inner = columns.slice(1, -1);
  const shown = DESIGN === 'b' ? [columns[0], ...inner.reverse(), columns.at(-1)] : columns;
  const cell = (tagName, kind, html) => `<${tagName} class="${kind || ''}">${html}</${tagName}>`;
  const body = rows.map(row => `<tr data-id="${esc(options.id ? options.id(row) : row.id)}">` +
    shown.map(([, show, kind]) => cell('td', kind, show(row))).join('') + '</tr>').join('');
  return `<table class="data"><thead><tr>${shown.map(([head, , kind]) => cell('th', kind, head)).join('')}</tr></thead><tbody>${body}</tbody></table>`;
}

let note = '', noteEnds = 0;
function toast(text) {
  note = text;
  clearTimeout(noteEnds);
  noteEnds = setTimeout(() => { note = ''; document.querySelector('.toast')?.remove(); }, 4000);
}

/** Draw the app and redraw it after each of its actions: {brand, nav, tools, view, actions, keys}. */
function app({brand, nav = [], tools = '', view, actions = {}, keys = {}}) {
  document.title = brand;
  const draw = () => {
    const top = scrollY;
    const links = nav.map(([text, act]) => `<a href="#"${act ? data(act) : ' class="here"'}>${text}</a>`).join('');
    document.body.innerHTML = `<header class="top"><b>${brand}</b><nav>${links}</nav><span class="space"></span>` +
      `<div class="tools">${typeof tools === 'function' ? tools() : tools}</div></header><main>${view()}</main>` +
      (note ? `<div class="toast" role="status">${note}</div>` : '');
    scrollTo(0, top);
    document.querySelector('[data-focus]')?.select();
  };
  const act = (name, arg, element) => { if (actions[name]?.(arg, element) !== false) draw(); };
  for (const [kind, attribute] of [['click', 'do'], ['dblclick', 'double'], ['contextmenu', 'menu']])
    addEventListener(kind, event => {
      const element = event.target.closest?.(`[data-${attribute}]`);
      if (event.target.closest?.('a[href="#"]')) event.preventDefault();
      if (!element || element.disabled || element.matches('select')) return;
      if (kind === 'contextmenu') event.preventDefault();
      act(element.dataset[attribute], element.dataset.arg, element);
    });
  addEventListener('input', ({target}) => {
    if (target.dataset?.key) draft[target.dataset.key] = target.type === 'checkbox' ? target.checked : target.value;
  });
  addEventListener('change', ({target}) => {
    if (target.dataset?.change) act(target.dataset.change, target.dataset.arg, target);
  });
  addEventListener('keydown', event => {
    const chord = (event.ctrlKey ? 'Control+' : '') + event.key.toLowerCase();
    const name = event.key === 'Enter' ? event.target.dataset?.enter : keys[chord];
    if (!name) return;
    event.preventDefault();
    act(name, event.target.dataset?.arg, event.target);
  });
  addEventListener('DOMContentLoaded', draw);
  if (document.readyState !== 'loading') draw();
  return draw;
}
