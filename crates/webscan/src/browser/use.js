// Uses what is on a page as a visitor would, without leaving it. A part of a function of which `w` is the window, after every.js.
const kinds = ['click', 'dblclick', 'mousedown', 'mouseup', 'mouseover', 'mouseenter', 'pointerdown', 'change', 'input', 'submit', 'keydown', 'keyup', 'keypress', 'focus', 'blur'];
// A link within the page would change the fragment that scripts are to read.
const stay = (e) => {
  const link = e.target && e.target.closest ? e.target.closest('a[href], area[href]') : null;
  if (e.type === 'submit' || (link && !/^\s*javascript:/i.test(link.getAttribute('href')))) e.preventDefault();
};
const note = w.__redoubt || {};
const delegates = note.delegates;
w.addEventListener('click', stay);
w.addEventListener('submit', stay);
let uses = 0;
const used = new Set();
const use = (e) => {
  const on = new Set((e.getAttribute('data-redoubt-on') || '').split(' ').filter(Boolean));
  for (const kind of kinds) if (e['on' + kind]) on.add(kind);
  const button = e.localName === 'button' || (e.localName === 'input' && ['submit', 'button', 'checkbox', 'radio'].includes(e.type));
  // What listens for the clicks of all looks at what was clicked.
  const named = e.children.length === 0 && Object.keys(e.dataset || {}).length > 0;
  const link = e.localName === 'a' || (named && delegates);
  if (button || link) on.add('click');
  if (on.size === 0) return;
  uses++;
  used.add(e);
  done = true;
  for (const kind of kinds) {
    if (!on.has(kind)) continue;
    try {
      if (kind === 'focus' && e.focus) e.focus();
      else if (kind === 'change' && e.localName === 'select' && e.options.length > 1) {
        e.selectedIndex = (e.selectedIndex + 1) % e.options.length;
        e.dispatchEvent(new Event(kind, { bubbles: true }));
      } else if (kind === 'submit') e.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true }));
      else if (kind.startsWith('key')) e.dispatchEvent(new KeyboardEvent(kind, { bubbles: true, key: 'Enter', code: 'Enter', keyCode: 13 }));
      else if (kind === 'input' || kind === 'change' || kind === 'blur') e.dispatchEvent(new Event(kind, { bubbles: true }));
      else if (kind === 'click' && e.click) e.click();
      else e.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, view: w, button: 0 }));
    } catch (x) { /* the page's own business */ }
  }
};
// Once more for what the first uses brought.
for (let pass = 0; pass < 2; pass++) {
  for (const e of every(document)) if (uses < 40 && !used.has(e)) use(e);
}
// What the page itself waits for, rather than one of its elements.
const moves = { keydown: KeyboardEvent, keyup: KeyboardEvent, mousemove: MouseEvent, mouseover: MouseEvent, scroll: Event, resize: Event, popstate: PopStateEvent, focus: Event, blur: Event };
const heard = note.kinds || [];
for (const kind of Object.keys(moves)) {
  const on = [document, w].find((target) => target['on' + kind]) || (heard.includes(kind) ? document : null);
  if (!on) continue;
  done = true;
  for (const key of kind.startsWith('key') ? ['Enter', 'Escape'] : ['']) {
    const event = new moves[kind](kind, { bubbles: true, cancelable: true, key, code: key });
    try { (kind === 'resize' || kind === 'popstate' || kind === 'focus' || kind === 'blur' ? w : on).dispatchEvent(event); } catch (x) { /* the page's own business */ }
  }
}
note.delegates = delegates;
w.removeEventListener('click', stay);
w.removeEventListener('submit', stay);
