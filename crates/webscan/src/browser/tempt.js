// Does to what carries one of the `marks` what a visitor might do; gives how much that was. A part of a function, after every.js.
let uses = 0;
for (const e of every(document)) {
  for (const a of Array.from(e.attributes)) {
    if (uses > 40 || !marks.some((mark) => a.value.includes(mark))) continue;
    uses++;
    if (a.name.startsWith('on')) {
      e.dispatchEvent(new MouseEvent(a.name.slice(2), { bubbles: true }));
      if (e.focus) e.focus();
    } else if (a.name === 'href' && e.click) {
      if (e.target) e.target = '';
      e.click();
    } else if (a.localName === 'href') e.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, view: window }));
    else if (a.name === 'action' && e.requestSubmit) {
      for (const field of e.elements) field.required = false;
      e.requestSubmit();
    } else if (a.name === 'formaction' && e.click) e.click();
  }
}
return uses;
