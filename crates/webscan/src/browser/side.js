// One step of a recorded script on the element that a locator names. Gives null while there is no such element, else what the
// step brought: true, false or a text.
((locator, action, value) => {
  const xpath = (path) => document.evaluate(path, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue;
  const find = (text) => {
    if (text.startsWith('//') || text.startsWith('(//')) return xpath(text);
    const at = text.indexOf('=');
    const kind = at < 0 ? 'css' : text.slice(0, at).trim();
    const rest = at < 0 ? text : text.slice(at + 1);
    const links = () => Array.from(document.querySelectorAll('a'));
    switch (kind) {
      case 'id': return document.getElementById(rest);
      case 'name': return document.getElementsByName(rest)[0] || null;
      case 'css': return document.querySelector(rest);
      case 'xpath': return xpath(rest);
      case 'link':
      case 'linkText': return links().find((e) => e.textContent.trim() === rest.trim()) || null;
      case 'partialLinkText': return links().find((e) => e.textContent.includes(rest)) || null;
      case 'class':
      case 'className': return document.getElementsByClassName(rest)[0] || null;
      case 'tagName': return document.getElementsByTagName(rest)[0] || null;
      default: return document.querySelector(text);
    }
  };
  let node = null;
  try { node = find(locator); } catch (e) { return 'locator: ' + e.message; }
  const isVisible = () => !!(node && node.getClientRects().length && getComputedStyle(node).visibility !== 'hidden');
  if (action === 'absent') return node ? null : true;
  if (action === 'hidden') return isVisible() ? null : true;
  if (!node) return null;
  const mouse = (kind) => node.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, view: window, button: 0 }));
  const tell = (kind) => node.dispatchEvent(new Event(kind, { bubbles: true }));
  const set = (text) => {
    const proto = node.localName === 'textarea' ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    const own = Object.getOwnPropertyDescriptor(proto, 'value');
    try { own.set.call(node, text); } catch (e) { node.textContent = text; }
    tell('input');
  };
  const text = () => (node.innerText === undefined ? node.textContent : node.innerText).replace(/\s+/g, ' ').trim();
  switch (action) {
    case 'present': return true;
    case 'visible': return isVisible() ? true : null;
    case 'editable': return isVisible() && !node.disabled && !node.readOnly ? true : null;
    case 'text': return 'text: ' + text();
    case 'value': return 'text: ' + (['checkbox', 'radio'].includes(node.type) ? (node.checked ? 'on' : 'off') : node.value);
    case 'click': mouse('mousedown'); if (node.focus) node.focus(); mouse('mouseup'); if (node.click) node.click(); else mouse('click'); return true;
    case 'doubleClick': if (node.click) { node.click(); node.click(); } mouse('dblclick'); return true;
    case 'mouseOver': mouse('mouseenter'); mouse('mouseover'); return true;
    case 'mouseOut': mouse('mouseleave'); mouse('mouseout'); return true;
    case 'mouseDown': mouse('mousedown'); return true;
    case 'mouseUp': mouse('mouseup'); return true;
    case 'type': if (node.focus) node.focus(); set(value); tell('change'); return true;
    case 'sendKeys': {
      if (node.focus) node.focus();
      const parts = value.split(/\$\{KEY_(ENTER|RETURN|TAB)\}/);
      parts.forEach((part, n) => {
        if (n % 2 === 0) { if (part) set((node.value || '') + part); return; }
        tell('change');
        if (part === 'TAB') return;
        const key = { bubbles: true, cancelable: true, key: 'Enter', code: 'Enter', keyCode: 13, which: 13 };
        const goes = node.dispatchEvent(new KeyboardEvent('keydown', key));
        node.dispatchEvent(new KeyboardEvent('keypress', key));
        node.dispatchEvent(new KeyboardEvent('keyup', key));
        if (goes && node.form && node.localName === 'input') node.form.requestSubmit();
      });
      return true;
    }
    case 'check': if (!node.checked) node.click(); return true;
    case 'uncheck': if (node.checked) node.click(); return true;
    case 'submit': { const form = node.closest('form'); if (!form) return 'locator: it is in no form'; form.requestSubmit(); return true; }
    case 'select': {
      const at = value.indexOf('=');
      const kind = at < 0 ? 'label' : value.slice(0, at);
      const wanted = at < 0 ? value : value.slice(at + 1);
      const options = Array.from(node.options || []);
      const chosen = options.find((o, n) => ({ label: o.text.trim() === wanted.trim(), value: o.value === wanted, id: o.id === wanted, index: n === Number(wanted) })[kind]);
      if (!chosen) return 'locator: it has no option ' + value;
      node.value = chosen.value;
      tell('input'); tell('change');
      return true;
    }
    default: return 'locator: nothing is known to do';
  }
})
