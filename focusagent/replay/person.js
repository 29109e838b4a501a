// Tells what a person does on a page: one message for each click, text, choice, file, key or drag.
// Nothing is sent later than the event itself, so that a page that goes away loses nothing.
(() => {
  if (window.__focusagentWatches) return;
  window.__focusagentWatches = true;
  const USED = 'button,a,summary,label,option,[role],[onclick],[tabindex],[contenteditable],' +
    'input,select,textarea,td,th,li,img,svg';
  const FIELDS = 'input:not([type=button]):not([type=submit]):not([type=reset]):not([type=hidden])' +
    ',textarea,select,[contenteditable]';
  const DRAGGED = '[draggable=true],[role],[tabindex],button,img,svg,li,canvas,input[type=range]';
  const TEXTLESS = ['button', 'submit', 'reset', 'image', 'checkbox', 'radio', 'file', 'range', 'color'];
  const SECRET = /password|one-time-code|cc-number|cc-csc/;
  const now = event => performance.timeOrigin + event.timeStamp;
  const one = text => (text || '').replace(/\s+/g, ' ').trim().slice(0, 80);
  let entered = {element: null, at: 0}, down = null, numbers = new WeakMap(), count = 0;

  // How far this document's corner is from that of the window; null in a frame of another origin.
  const offset = () => {
    let x = 0, y = 0, view = window;
    try {
      while (view !== view.parent) {
        const frame = view.frameElement.getBoundingClientRect();
        x += frame.x + view.frameElement.clientLeft;
        y += frame.y + view.frameElement.clientTop;
        view = view.parent;
      }
    } catch (error) { return null; }
    return {x, y};
  };
  const rect = element => {
    const box = element.getBoundingClientRect(), from = offset() || {x: 0, y: 0};
    return [box.left + from.x, box.top + from.y, box.right + from.x, box.bottom + from.y];
  };
  const target = event => {
    const found = event.composedPath()[0];
    return found instanceof Element ? found : document.documentElement;
  };
  const isText = element => element.matches('textarea') || element.isContentEditable ||
    (element.matches('input') && !TEXTLESS.includes(element.type));
  const isSecret = element => element.matches('input') &&
    (element.type === 'password' || SECRET.test(element.autocomplete || '') ||
     getComputedStyle(element).webkitTextSecurity !== 'none');
  const labelled = element => {
    const ids = (element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean);
    const root = element.getRootNode();
    return ids.map(id => root.getElementById?.(id)?.innerText).filter(Boolean).join(' ');
  };
  const labelOf = element => {
    const copy = element.labels?.[0]?.cloneNode(true);
    copy?.querySelectorAll('input,select,textarea,button').forEach(inner => inner.remove());
    return copy?.textContent;
  };
  const nameOf = element => {
    const label = labelOf(element);
    const own = element.matches('input[type=button],input[type=submit]') ? element.value :
      element.matches(FIELDS) ? '' : element.innerText;
    const inner = element.querySelector?.('[aria-label],[title],img[alt]');
    return one(element.getAttribute('aria-label')) || one(labelled(element)) || one(label) ||
      one(own) || one(element.placeholder) || one(element.title) || one(element.alt) ||
      one(inner && (inner.getAttribute('aria-label') || inner.title || inner.alt)) ||
      one(element.getAttribute('name'));
  };
  const shown = element => element.getClientRects().length > 0;
  // What tells this one from others of the same name: the first words of its row.
  const rowOf = (element, name) => {
    const row = element.closest('tr,[role=row],li');
    if (!row || row === element) return '';
    const twins = [...element.getRootNode().querySelectorAll(element.tagName)]
      .filter(other => shown(other) && nameOf(other) === name);
    if (twins.length < 2) return '';
    const cells = row.matches('tr') ? [...row.cells] : [...row.children];
    return cells.map(cell => one(cell.innerText)).find(text => text && text !== name) || '';
  };
  const selectorOf = element => {
    if (element.getRootNode() !== document || window !== window.parent) return null;
    const quoted = value => JSON.stringify(value);
    const ways = [element.id && !/\d{3,}/.test(element.id) && `#${CSS.escape(element.id)}`];
    for (const name of ['data-testid', 'data-test', 'name', 'aria-label']) {
      const value = element.getAttribute(name);
      if (value) ways.push(`${element.tagName.toLowerCase()}[${name}=${quoted(value)}]`);
    }
    return ways.find(way => way && document.querySelectorAll(way).length === 1) || null;
  };
  const numberOf = element => {
    if (!numbers.has(element)) numbers.set(element, `${performance.timeOrigin}-${++count}`);
    return numbers.get(element);
  };
  const scrolled = element => {
    for (let up = element; up; up = up.parentElement) if (up.scrollTop > 0) return true;
    return scrollY > 0;
  };
  const describe = element => {
    const name = nameOf(element), box = rect(element);
    return {
      name, row: rowOf(element, name), tag: element.tagName.toLowerCase(), box,
      selector: selectorOf(element), element: numberOf(element), scrolled: scrolled(element),
    };
  };
  const send = (kind, event, element, more = {}) => {
    const from = offset();
    window.focusagentSaw(JSON.stringify({
      kind, time: now(event), url: location.href, framed: from === null,
      entered: entered.element === element ? entered.at : 0,
      fields: [...document.querySelectorAll(FIELDS)].filter(shown).map(rect),
      ...describe(element), ...more,
    }));
  };
  const at = event => {
    const from = offset() || {x: 0, y: 0};
    return [event.clientX + from.x, event.clientY + from.y];
  };
  const used = element => element.closest(USED) || element;
  // Choosing in these is told by their change, not by the click.
  const chosen = element => {
    const inner = element.closest('label')?.control || element;
    if (inner.readOnly) return false;
    return inner.matches('select,option,input:not([type=button]):not([type=submit])' +
      ':not([type=reset]):not([type=image]),textarea') || inner.isContentEditable;
  };
  const listen = (kind, take) =>
    window.addEventListener(kind, event => { if (event.isTrusted) take(event); }, true);

  listen('pointerover', event => {
    const element = used(target(event));
    if (element !== entered.element) entered = {element, at: now(event)};
  });
  listen('pointerdown', event => {
    down = {element: used(target(event)), at: at(event), time: now(event), box: rect(used(target(event)))};
    down.told = describe(down.element);
  });
  const dropped = event => {
    if (!down) return;
    const [x, y] = at(event), far = Math.hypot(x - down.at[0], y - down.at[1]);
    if (far < 16 || down.dragged) return;
    down.far = true;
    // Over plain text a drag only marks it.
    const handled = event.type === 'drop' || down.element.matches(DRAGGED) ||
      /grab|move|pointer|resize/.test(getComputedStyle(down.element).cursor);
    if (!handled || isText(down.element)) return;
    const onto = used(target(event));
    down.dragged = true;
    send('drag', event, down.element, {
      ...down.told, time: down.time, point: down.at, onto: {...describe(onto), point: [x, y]},
    });
  };
  listen('pointerup', dropped);
  listen('drop', dropped);
  const clicked = kind => event => {
    const element = used(target(event));
    if (down?.far || (kind !== 'right_click' && chosen(element))) return;
    // A key pressed the button: told as a click, unless Enter in a field stood for it.
    if (!event.detail && kind === 'click' && element.getRootNode().activeElement !== element) return;
    send(kind, event, element, {
      point: at(event), time: down ? down.time : now(event),
      modifiers: ['Alt', 'Control', 'Meta', 'Shift'].filter(key => event.getModifierState(key)),
      ...(down?.element === element ? {box: down.box} : {}),
    });
  };
  listen('click', clicked('click'));
  listen('dblclick', clicked('double_click'));
  listen('contextmenu', clicked('right_click'));
  listen('input', event => {
    const element = target(event);
    if (!isText(element)) return;
    const secret = isSecret(element);
    const value = secret ? '' : element.value ?? element.innerText;
    send('type', event, element, {value, secret});
  });
  listen('change', event => {
    const element = target(event);
    if (element.matches('select')) {
      send('select', event, element, {value: one(element.selectedOptions[0]?.innerText)});
    } else if (element.matches('input[type=checkbox],input[type=radio]')) {
      send(element.checked ? 'check' : 'uncheck', event, element);
    } else if (element.matches('input[type=file]')) {
      send('upload', event, shown(element) ? element : used(element.parentElement),
        {files: [...element.files].map(file => file.name)});
    }
  });
  listen('keydown', event => {
    const element = target(event), text = isText(element);
    const chord = event.ctrlKey || event.metaKey || event.altKey;
    if (['Control', 'Shift', 'Alt', 'Meta', 'Process'].includes(event.key) || event.repeat) return;
    if (chord && text && /^[acvxyz]$/i.test(event.key)) return;
    if (!chord && element.matches('select') && event.key !== 'Enter') return;
    if (!chord && !/^(Enter|Escape|F\d+)$/.test(event.key) &&
        (text || !/^(Arrow|Page|Home|End|Delete| $)/.test(event.key))) return;
    if (!chord && element.matches('button,a,summary,[role=button],input:not([type=text])') && !text) return;
    if (event.key === 'Enter' && (element.matches('textarea') || element.isContentEditable)) return;
    const keys = [event.ctrlKey && 'Control', event.altKey && 'Alt', event.metaKey && 'Meta',
      event.shiftKey && 'Shift', event.key === ' ' ? 'Space' :
      event.key.length === 1 ? event.key.toUpperCase() : event.key].filter(Boolean).join('+');
    send('press', event, element, {keys});
  });
})();
