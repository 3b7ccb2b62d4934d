// Does to an element what a person would: fills what is around it, then clicks, types or submits.
((path, kinds) => {
  let node = document;
  const parts = path.split('/').filter((p) => p);
  for (const part of parts) {
    if (!node) return false;
    if (part === '#shadow') { node = node.shadowRoot; continue; }
    const [, index] = part.split(':');
    node = (node.children || [])[Number(index)];
  }
  if (!node || node.nodeType !== 1) return false;
  const fill = (scope) => {
    for (const e of (scope || document).querySelectorAll('input, textarea')) {
      if (e.value || ['hidden', 'submit', 'button', 'checkbox', 'radio', 'file', 'image', 'reset'].includes(e.type)) continue;
      const value = { email: 'scan@example.com', number: '1', url: 'http://www.example.com/', tel: '2125550100', date: '2026-01-15', password: 'Passw0rd!x7' }[e.type] || 'test';
      const own = Object.getOwnPropertyDescriptor(e.localName === 'textarea' ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype, 'value');
      try { own.set.call(e, value); } catch (x) { /* it does not take it */ }
      e.setAttribute('data-redoubt-filled', '1');
      e.dispatchEvent(new Event('input', { bubbles: true }));
      e.dispatchEvent(new Event('change', { bubbles: true }));
    }
  };
  fill(node.closest && node.closest('form') ? node.closest('form') : document);
  try { node.scrollIntoView(); } catch (x) { /* no place */ }
  const mouse = (kind) => node.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, view: window, button: 0 }));
  for (const kind of kinds) {
    if (kind === 'submit') { const form = node.closest('form') || node; if (form.requestSubmit) form.requestSubmit(); continue; }
    if (kind.startsWith('key')) { node.dispatchEvent(new KeyboardEvent(kind, { bubbles: true, key: 'Enter', code: 'Enter', keyCode: 13 })); continue; }
    if (kind === 'focus') { if (node.focus) node.focus(); continue; }
    if (kind === 'change' || kind === 'input') {
      if (node.localName === 'select' && node.options.length > 1) node.selectedIndex = (node.selectedIndex + 1) % node.options.length;
      node.dispatchEvent(new Event(kind, { bubbles: true }));
      continue;
    }
    if (kind === 'click') { if (node.click) node.click(); else mouse('click'); continue; }
    mouse(kind);
  }
  return true;
})
